// The specs of the REST API on every log there is, again for as long as there is time: in each the
// same number of tests, none failed, none skipped (scripts/test-logs.js).
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const LOGS = 'memory,postgres,eventstoredb,eventstoredb-postgres';

export const name = 'api-on-each-log';

/** Counts tests. A round once begun is ended. */
export async function run({ signal }) {
  let count = 0;
  let rounds = 0;
  for (; rounds === 0 || !signal.aborted; rounds++) {
    const text = await output();
    const [, passed = '0', failed = '1'] = /^(\d+) passed, (\d+) failed$/m.exec(text) ?? [];
    count += Number(passed);
    if (failed !== '0') return { count, verdict: 'failed', detail: text.slice(-500) };
  }
  return { count, verdict: 'ok', detail: `${rounds} rounds on ${LOGS}` };
}

function output() {
  const child = spawn(process.execPath, ['scripts/test-logs.js', '--logs', LOGS], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part) => (text += part));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(text.trim().split('\n').slice(-20).join('\n')));
  });
}
