// Refuses a release while the newest section of the changelog has no number.
import { readFileSync } from 'node:fs';

const [newest = ''] = /^## .*$/m.exec(readFileSync('CHANGELOG.md', 'utf8')) ?? [];
if (!/^## \d+\.\d+\.\d+/.test(newest)) {
  console.error(`CHANGELOG.md begins with "${newest}": give it the number of this release first`);
  process.exitCode = 1;
}
