// Random histories of branches, and the state as of any of their moments against what a plain model
// showed then; in memory and on Postgres: test/past.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SPECS = ['test/past/past.spec.ts', 'test/past/past.int.spec.ts'];
/** Of the specs in memory and the one on Postgres; each takes the seeds from its own one on. */
const HISTORIES_A_RUN = 4;
const SEEDS_A_RUN = 3;
const SUMMARY = /^(\d+) passed, (\d+) failed$/m;

export const name = 'past';

/** Counts histories; one that shows anything else than the model ends the job. */
export async function run({ seed, signal }) {
  let count = 0;
  for (let next = seed; next === seed || !signal.aborted; next += SEEDS_A_RUN) {
    const text = await output(next);
    const [, , failed = '1'] = SUMMARY.exec(text) ?? [];
    if (failed !== '0') {
      return { count, verdict: 'failed', detail: `seed ${next}: ${text.slice(-2_000)}` };
    }
    count += HISTORIES_A_RUN;
  }
  return { count, verdict: 'ok', detail: `from seed ${seed}` };
}

/** Returns what a run of the specs said. */
function output(seed) {
  const child = spawn(process.execPath, ['scripts/test.js', ...SPECS], {
    cwd: root,
    env: { ...process.env, SEED: String(seed) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part) => (text += part));
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(text));
  });
}
