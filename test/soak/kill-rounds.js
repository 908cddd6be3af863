// Rounds of SIGKILL for as long as there is time: test/kill/rounds.py, two rounds a seed.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const ROUNDS_A_SEED = 2;
const SUMMARY = /^(\d+) passed, (\d+) failed$/m;

export const name = 'kill-rounds';

/** Counts rounds; a check that fails ends the job, and its seed says which histories to look at. */
export async function run({ seed, signal }) {
  let count = 0;
  let checks = 0;
  for (let next = seed; !signal.aborted; next++) {
    const { code, output } = await rounds(next, signal);
    if (signal.aborted) break;
    const [, passed = '0', failed = '1'] = SUMMARY.exec(output) ?? [];
    if (code !== 0 || failed !== '0') {
      const detail = `seed ${next}: ${output.match(/FAIL.*$/m)?.[0] ?? output.slice(-500)}`;
      return { count, verdict: 'failed', detail };
    }
    count += ROUNDS_A_SEED;
    checks += Number(passed);
  }
  return { count, verdict: 'ok', detail: `${checks} checks from seed ${seed}` };
}

/** SIGTERM when `signal` aborts: it ends its server before itself. */
function rounds(seed, signal) {
  const args = ['--checkout', root, '--rounds', String(ROUNDS_A_SEED), '--seed', String(seed)];
  const python = spawn('python3', ['test/kill/rounds.py', ...args], {
    cwd: root,
    signal,
    killSignal: 'SIGTERM',
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  python.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  return new Promise((resolve, reject) => {
    python.on('error', (error) => (signal.aborted ? undefined : reject(error)));
    python.on('close', (code) => resolve({ code, output }));
  });
}
