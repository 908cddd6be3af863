// Runs Jest under this Node, as ESM, and ends with the line "N passed, N failed".
// `--quick`: the specs that need neither a store nor a server. All else goes to Jest as it is.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const args = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'moraine-test-'));
const report = join(folder, 'report.json');
const jest = spawn(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    join(root, 'node_modules/jest/bin/jest.js'),
    // What a busy machine may take; a spec that hangs is found all the same.
    '--testTimeout=60000',
    // Before the options that take a list: those would swallow a path that follows them.
    ...args.filter((arg) => arg !== '--quick'),
    ...(args.includes('--quick') ? ['--selectProjects', 'unit'] : []),
    '--json',
    `--outputFile=${report}`,
    '--reporters=default',
  ],
  // The JSON goes to the file; what Jest says to people comes on stderr.
  { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
);
// Whoever ends us means Jest: it ends its workers, and we still clean up and report.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => jest.kill(signal));
jest.on('close', (code, signal) => {
  const { passed, failed, skipped } = summary();
  rmSync(folder, { recursive: true, force: true });
  if (skipped > 0) console.log(`${skipped} skipped`);
  console.log(`${passed} passed, ${failed} failed`);
  const failure = signal ? 128 + constants.signals[signal] : code || 1;
  process.exitCode = failed > 0 || passed === 0 ? failure : code;
});

function summary() {
  try {
    const result = JSON.parse(readFileSync(report, 'utf8'));
    return {
      passed: result.numPassedTests,
      // A file that did not even load has no test in it, and is a failure all the same.
      failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
      skipped: result.numPendingTests + result.numTodoTests,
    };
  } catch {
    console.error('jest ended without a report');
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
