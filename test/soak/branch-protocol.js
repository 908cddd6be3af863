// Interleavings of the branch protocol over the real commands: test/model/branch-protocol.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export const name = 'branch-protocol';

/** Counts interleavings; the first that violates the protocol ends the job, with its trace. */
export async function run({ seed, minutes, signal }) {
  const args = ['scripts/run-ts.js', 'test/soak/branch-protocol.ts', String(seed), String(minutes)];
  const child = spawn(process.execPath, args, {
    cwd: root,
    signal,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  await new Promise((resolve, reject) => {
    child.on('error', (error) => (signal.aborted ? resolve() : reject(error)));
    child.on('close', resolve);
  });
  const line = output.trim().split('\n').at(-1);
  if (line) return JSON.parse(line);
  return { count: 0, verdict: signal.aborted ? 'ok' : 'failed', detail: 'it was cut off' };
}
