// A long history moved from store to store, killed on each leg: test/moves/move-log.ts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const name = 'moves';
/** The longer the history, the more of it lies in one place. */
export const isOneRun = true;

const root = fileURLToPath(new URL('../..', import.meta.url));
const KILLS = 10;
/** About what is made, moved through all five legs and compared in a minute of a busy machine. */
const EVENTS_PER_MINUTE = 20_000;
const EVENTS_MAX = 1_000_000;

/** Counts events; moves as many as the minutes are likely to do, a million at most. */
export async function run({ seed, minutes, signal }) {
  const events = Math.min(EVENTS_MAX, Math.round(minutes * EVENTS_PER_MINUTE));
  const program = ['scripts/run-ts.js', 'test/moves/move-log.ts', seed, events, KILLS];
  const child = spawn(process.execPath, program.map(String), {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  await once(child, 'close');
  const line = output.trim().split('\n').at(-1) ?? '';
  if (line.startsWith('{') && !signal.aborted) return JSON.parse(line);
  return { count: 0, verdict: signal.aborted ? 'ok' : 'failed', detail: 'it was cut off' };
}
