// Runs the same specs of the REST API on each log there is, one after the other, and sees that in
// each the same number of tests ran, all of them passed, and none was skipped.
//
//   node scripts/test-logs.js [--logs memory,postgres,eventstoredb,eventstoredb-postgres] [spec …]
//
// Left out, the specs are all below test/api that open a store.
import { spawn } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { logs: { type: 'string', default: 'memory,postgres,eventstoredb' } },
});
const opensStore = (path) => /whole-app\.js|signed-app\.js/.test(readFileSync(path, 'utf8'));
const all = globSync('test/api/*.spec.ts', { cwd: root })
  .toSorted()
  .filter((path) => opensStore(join(root, path)));
const specs = positionals.length > 0 ? positionals : all;

let running;
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => running?.kill(signal));

const results = [];
for (const log of values.logs.split(',')) {
  const startedAtMs = performance.now();
  const result = await run(log);
  const seconds = Math.round((performance.now() - startedAtMs) / 1000);
  results.push({ log, ...result });
  console.log(`${log}: ${result.passed} ran and passed, ${result.skipped} skipped, ${seconds} s`);
}

const [first] = results;
const isSame = ({ passed, failed, skipped }) =>
  failed === 0 && skipped === 0 && passed === first.passed;
const bad = results.filter((result) => !isSame(result));
for (const { log } of bad) console.log(`${log}: not the same as ${first.log}, or not all well`);
const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + result.failed, 0);
console.log(`${passed} passed, ${Math.max(failed, bad.length)} failed`);
process.exitCode = bad.length > 0 || passed === 0 ? 1 : 0;

/** Runs the specs on one log, and returns how many tests passed, failed and were skipped. */
function run(log) {
  return new Promise((resolve) => {
    running = spawn(process.execPath, [join(root, 'scripts/test.js'), ...specs], {
      cwd: root,
      env: { ...process.env, TEST_EVENT_LOG: log },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let told = '';
    let said = '';
    running.stdout.on('data', (bytes) => (told += bytes));
    running.stderr.on('data', (bytes) => (said += bytes));
    running.on('close', (code) => {
      const count = (word) => Number(new RegExp(`(\\d+) ${word}`).exec(told)?.[1] ?? 0);
      const failures = count('failed') + (code === 0 ? 0 : 1);
      if (failures > 0) console.log(said);
      resolve({ passed: count('passed'), failed: failures, skipped: count('skipped') });
    });
  });
}
