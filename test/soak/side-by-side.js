// Random histories on this server and on lakeFS, judged by maps: test/side-by-side.
//
// PEER_URL says where a lakeFS 1.84 over a local block store listens, SIDE_ACCESS_KEY_ID and
// SIDE_SECRET_ACCESS_KEY its administrator. Without it the maps alone judge, and the line says so.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { runsTypeScript } from '../support/soak-job.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const KEYS = {
  SIDE_ACCESS_KEY_ID: process.env.SIDE_ACCESS_KEY_ID ?? 'AKIAJSIDEBYSIDEKEYSQ',
  SIDE_SECRET_ACCESS_KEY: process.env.SIDE_SECRET_ACCESS_KEY ?? 'side by side, and for tests alone',
};
const ADDRESS = /http:\/\/127\.0\.0\.1:\d+/;

export const name = 'side-by-side';

/** Counts histories of 60 steps; the first in which ours differs is a failure, with its seed. */
export async function run(options) {
  const data = await mkdtemp(join(tmpdir(), 'moraine-side-by-side-'));
  const server = spawn(process.execPath, ['dist/cli.js', 'serve'], {
    cwd: root,
    env: {
      ...process.env,
      MORAINE_DATA: data,
      MORAINE_LISTEN: '127.0.0.1:0',
      MORAINE_LOG_LEVEL: 'warn',
      MORAINE_IMPORT_ENABLED: 'true',
      MORAINE_IMPORT_FOLDERS: '/tmp/moraine-import',
      MORAINE_ADMIN_ACCESS_KEY_ID: KEYS.SIDE_ACCESS_KEY_ID,
      MORAINE_ADMIN_SECRET_ACCESS_KEY: KEYS.SIDE_SECRET_ACCESS_KEY,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(server, 'close');
  try {
    Object.assign(process.env, KEYS, { OURS_URL: await addressOf(server) });
    const result = await runsTypeScript('test/side-by-side/main.ts')(options);
    const judge = process.env.PEER_URL ? '' : 'no peer: judged by the maps alone; ';
    return { ...result, detail: judge + result.detail };
  } finally {
    server.kill('SIGTERM');
    await ended;
    await rm(data, { recursive: true, force: true });
  }
}

async function addressOf(server) {
  for await (const line of createInterface({ input: server.stdout })) {
    const [address] = ADDRESS.exec(line) ?? [];
    if (address !== undefined) {
      server.stdout.resume();
      return address;
    }
  }
  throw new Error('the server ended before it listened');
}
