// Starts what is compared: servers of ours, and of the peer, several nodes of each when asked.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const KEY_ID = 'AKIAIOSFODNN7BENCHES';
const SECRET_KEY = 'benchesBenchesBenchesBenchesBenchesBench';
/** What k6 scripts need of either side. */
export const CREDENTIALS = { LOAD_ACCESS_KEY_ID: KEY_ID, LOAD_SECRET_ACCESS_KEY: SECRET_KEY };

const START_MS_MAX = 60_000;
const STOP_MS_MAX = 20_000;
const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * @typedef {object} Running
 * @property {string} url
 * @property {number} pid
 * @property {string} command  as it was started
 * @property {() => Promise<void>} stop
 */

/** Starts a node of ours. @returns {Promise<Running>} */
export async function startOurs({ databaseUrl, folder, number }) {
  const port = await freePort();
  const env = {
    MORAINE_DATABASE_URL: databaseUrl,
    MORAINE_DATA: join(folder, 'ours'),
    MORAINE_LISTEN: `127.0.0.1:${port}`,
    MORAINE_LOG_LEVEL: 'warn',
    MORAINE_ADMIN_ACCESS_KEY_ID: KEY_ID,
    MORAINE_ADMIN_SECRET_ACCESS_KEY: SECRET_KEY,
  };
  const args = [join(root, 'dist', 'cli.js'), 'serve'];
  return start({ program: process.execPath, args, env, port, name: `ours-${number}`, folder });
}

/**
 * Starts a node of lakeFS, set up with the same key pair; it may reach nothing but this machine.
 *
 * @returns {Promise<Running>}
 */
export async function startPeer({ binary, databaseUrl, folder, number }) {
  const port = await freePort();
  const file = join(folder, `peer-${number}.yaml`);
  writeFileSync(file, peerConfiguration({ port, databaseUrl, folder, number }));
  const env = { HOME: folder, HTTP_PROXY: NOWHERE, HTTPS_PROXY: NOWHERE, NO_PROXY: '127.0.0.1' };
  const args = ['--config', file, 'run'];
  const running = await start({
    program: binary,
    args,
    env,
    port,
    name: `peer-${number}`,
    folder,
  });
  if (number === 1) await setUp(running.url);
  return running;
}

/** Closed: whatever would leave the machine ends here. */
const NOWHERE = 'http://127.0.0.1:9';

function peerConfiguration({ port, databaseUrl, folder, number }) {
  const url = new URL(databaseUrl);
  if (!url.searchParams.has('sslmode')) url.searchParams.set('sslmode', 'disable');
  const blocks = join(folder, 'peer-blocks');
  const cache = join(folder, `peer-cache-${number}`);
  for (const made of [blocks, cache]) mkdirSync(made, { recursive: true });
  // JSON is YAML.
  return JSON.stringify({
    listen_address: `127.0.0.1:${port}`,
    database: { type: 'postgres', postgres: { connection_string: url.href } },
    blockstore: {
      type: 'local',
      signing: { secret_key: 'bench' },
      // Staged objects are said to lie below /tmp.
      local: { path: blocks, import_enabled: true, allowed_external_prefixes: ['/tmp/'] },
    },
    auth: { encrypt: { secret_key: 'bench-encrypt-key' }, ui_config: { rbac: 'none' } },
    committed: { local_cache: { dir: cache } },
    logging: { level: 'error', format: 'text', output: ['-'] },
    stats: { enabled: false },
    email_subscription: { enabled: false },
    security: { check_latest_version: false, audit_check_url: '' },
    ui: { enabled: false },
  });
}

async function setUp(url) {
  const key = { access_key_id: KEY_ID, secret_access_key: SECRET_KEY };
  const answer = await fetch(`${url}/api/v1/setup_lakefs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', key }),
  });
  if (!answer.ok) throw new Error(`set-up: ${answer.status} ${await answer.text()}`);
}

/** Returns the version of lakeFS's API that a server says it is. */
export async function versionOf(url) {
  const authorization = `Basic ${Buffer.from(`${KEY_ID}:${SECRET_KEY}`).toString('base64')}`;
  const answer = await fetch(`${url}/api/v1/config/version`, { headers: { authorization } });
  return (await answer.json()).version;
}

async function start({ program, args, env, port, name, folder }) {
  const url = `http://127.0.0.1:${port}`;
  const log = join(folder, `${name}.log`);
  const out = openSync(log, 'a');
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', out, out],
  });
  closeSync(out);
  const untilMs = performance.now() + START_MS_MAX;
  while (!(await isHealthy(url))) {
    if (child.exitCode !== null || performance.now() > untilMs) {
      child.kill('SIGKILL');
      throw new Error(`${name} does not start: ${readFileSync(log, 'utf8').slice(-2000)}`);
    }
    await wait(100);
  }
  const stop = async () => {
    if (child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    await ended;
    clearTimeout(kill);
  };
  // By name alone: where things lie on this machine is of no interest to a reader.
  const command = [program, ...args].map((part) => basename(part)).join(' ');
  return { url, pid: child.pid, command, stop };
}

async function isHealthy(url) {
  try {
    return (await fetch(`${url}/api/v1/healthcheck`)).ok;
  } catch {
    return false;
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
