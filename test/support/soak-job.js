import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

const GRACE_MS = 60_000;

/**
 * Returns a soak job that is a TypeScript program: called with `first`, a seed and minutes, its last
 * line is `{ count, verdict, detail }` as JSON.
 */
export const runsTypeScript =
  (file, ...first) =>
  async ({ seed, minutes, signal }) => {
    const args = ['scripts/run-ts.js', file, ...first, String(seed), String(minutes)];
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // It ends by itself when its minutes are over, with its last line; this is for one that hangs.
    const onAbort = () => setTimeout(() => child.kill(), GRACE_MS).unref();
    signal.addEventListener('abort', onAbort, { once: true });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    await once(child, 'close');
    const line = output.trim().split('\n').at(-1);
    if (line) return JSON.parse(line);
    return { count: 0, verdict: signal.aborted ? 'ok' : 'failed', detail: 'it was cut off' };
  };
