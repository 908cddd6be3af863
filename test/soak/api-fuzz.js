// Requests made out of /openapi.json for as long as there is time: test/fuzz/api.py, some eight
// thousand a seed. It makes itself a Python environment below the system's folder for such.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const CASES_A_SEED = 2_000;
/** A seed that is under way when the time is over may still end. */
const GRACE_MS = 90_000;
const SUMMARY = /^(\d+) passed, (\d+) failed$/m;
const CASES = /^(\d+) cases$/m;

export const name = 'api-fuzz';

/** Counts requests; an answer that breaks its word ends the job. A seed once begun is ended. */
export async function run({ seed, signal }) {
  const folder = mkdtempSync(join(tmpdir(), 'moraine-fuzz-'));
  try {
    const python = join(folder, 'bin/python');
    await output('python3', ['-m', 'venv', folder]);
    await output(python, ['-m', 'pip', 'install', '-q', '-r', 'test/fuzz/requirements.txt']);
    let count = 0;
    let next = seed;
    for (; next === seed || !signal.aborted; next++) {
      const args = ['--checkout', root, '--cases', String(CASES_A_SEED), '--seed', String(next)];
      const text = await output(python, ['test/fuzz/api.py', ...args], signal);
      if (text === undefined) break;
      count += Number(CASES.exec(text)?.[1] ?? 0);
      const [, , failed = '1'] = SUMMARY.exec(text) ?? [];
      if (failed !== '0') {
        const detail = `seed ${next}: ${text.match(/FAIL.*$/m)?.[0] ?? text.slice(-500)}`;
        return { count, verdict: 'failed', detail };
      }
    }
    return { count, verdict: 'ok', detail: `${next - seed} seeds from ${seed}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns what it said; undefined when it was ended before it was done. */
function output(command, args, signal) {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // By SIGTERM it ends its server before itself.
  let wasEnded = false;
  const end = () => (wasEnded = child.kill());
  const onAbort = () => setTimeout(end, GRACE_MS).unref();
  signal?.addEventListener('abort', onAbort, { once: true });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part) => (text += part));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(wasEnded ? undefined : text));
  });
}
