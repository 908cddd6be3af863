// Random histories by several callers, on every log there is, and questions to the audit about each,
// beside a judge that has only written down what was done: test/audit/histories.spec.ts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const LOGS = ['memory', 'postgres', 'eventstoredb', 'eventstoredb-postgres'];

export const name = 'audit';

/** Counts histories; one that the judge does not agree with is a failure, and named by its seed. */
export async function run({ seed, signal }) {
  let count = 0;
  for (; count === 0 || !signal.aborted; count++) {
    const log = LOGS[count % LOGS.length];
    const SEED = String((seed + count) % 0x7fff_ffff);
    const verdict = await history({ SEED, TEST_EVENT_LOG: log });
    if (verdict !== 0) return { count, verdict: 'failed', detail: `SEED=${SEED} on ${log}` };
  }
  return { count, verdict: 'ok', detail: `histories on ${LOGS.join(', ')}` };
}

async function history(environment) {
  const args = ['scripts/test.js', 'test/audit/histories.spec.ts'];
  const env = { ...process.env, ...environment };
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: 'ignore' });
  const [code] = await once(child, 'close');
  return code;
}
