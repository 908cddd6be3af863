// Runs Jest under this Node, as ESM, and ends with the line "N passed, N failed".
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const args = process.argv.slice(2);
const quick = args.includes('--quick');
const folder = mkdtempSync(join(tmpdir(), 'moraine-test-'));
const report = join(folder, 'report.json');
const jest = spawn(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    `--outputFile=${report}`,
    '--json',
    '--reporters=default',
    ...(quick ? ['--selectProjects', 'unit'] : []),
    ...args.filter((arg) => arg !== '--quick'),
  ],
  // The JSON goes to the file; what Jest says to people comes on stderr.
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
jest.on('close', (code) => {
  let passed = 0;
  let failed = 1;
  try {
    const result = JSON.parse(readFileSync(report, 'utf8'));
    passed = result.numPassedTests;
    // A file that did not even load has no test in it, and is a failure all the same.
    failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  } catch {
    console.error('jest ended without a report');
  }
  rmSync(folder, { recursive: true, force: true });
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : (code ?? 1);
});
