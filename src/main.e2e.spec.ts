import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { processesWith, signal } from './app/processes.js';
import { clusterName } from './app/embedded-postgres-leftover.js';
import { ExitCode } from './cli/exit-code.js';

// The first one to start may have to build.
jest.setTimeout(180_000);
const READY_MS_MAX = 10_000;

interface Server {
  readonly child: ChildProcess;
  readonly stdout: string;
  readonly url: string;
}

let data = '';
const children: ChildProcess[] = [];

beforeEach(() => {
  data = realpathSync(mkdtempSync(join(tmpdir(), 'moraine-main-')));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const pid of processesWith(clusterName(join(data, 'postgres')))) signal(pid, 'SIGKILL');
  rmSync(data, { recursive: true, force: true, maxRetries: 10 });
});

function launch(command: string, environment: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, ['bin/moraine.js', ...command.split(' ')], {
    env: { PATH: process.env['PATH'], MORAINE_DATA: data, MORAINE_LISTEN: LISTEN, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

const LISTEN = '127.0.0.1:0';

/** Resolves when the server says where it listens. */
async function serve(environment: Record<string, string> = {}): Promise<Server> {
  const child = launch('serve', environment);
  let stdout = '';
  let stderr = '';
  child.stderr?.on('data', (chunk) => (stderr += String(chunk)));
  for await (const chunk of child.stdout ?? []) {
    stdout += String(chunk);
    const url = /listens on (\S+)\n/.exec(stdout)?.[1];
    if (url !== undefined) return { child, url, stdout };
  }
  throw new Error(`it ended without listening: ${stdout}${stderr}`);
}

async function run(command: string, environment: Record<string, string> = {}) {
  const child = launch(command, environment);
  let said = '';
  child.stderr?.on('data', (chunk) => (said += String(chunk)));
  child.stdout?.resume();
  const [code] = await once(child, 'close');
  // The log's lines are JSON; what is for people is not.
  const lines = said.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
  return { code, lines };
}

async function exitOf(child: ChildProcess, name: NodeJS.Signals): Promise<unknown> {
  const ended = once(child, 'exit');
  child.kill(name);
  const [code, ending] = await ended;
  return code ?? ending;
}

async function adminOf({ url, stdout }: Server, keys = keysIn(stdout)): Promise<number> {
  const headers = { authorization: `Basic ${Buffer.from(keys).toString('base64')}` };
  return (await fetch(`${url}/api/v1/user`, { headers })).status;
}

function keysIn(stdout: string): string {
  const [, id] = /access key id: +(\S+)/.exec(stdout) ?? [];
  const [, secret] = /secret access key: +(\S+)/.exec(stdout) ?? [];
  return `${id}:${secret}`;
}

const postmaster = (): number =>
  Number(readFileSync(join(data, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);

describe('a server', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends cleanly by %s, and leaves no process',
    async (name) => {
      const server = await serve();
      expect(await adminOf(server)).toBe(200);
      expect(await exitOf(server.child, name)).toBe(0);
      expect(processesWith(clusterName(join(data, 'postgres')))).toEqual([]);
    },
  );

  it('has its memory given back, unless it is told how much to keep', async () => {
    const kept = 'MALLOC_MMAP_THRESHOLD_';
    const keptBy = ({ child }: Server) =>
      readFileSync(`/proc/${child.pid}/environ`, 'latin1')
        .split('\0')
        .find((each) => each.startsWith(kept));
    const server = await serve();
    expect(keptBy(server)).toBe(`${kept}=262144`);
    await exitOf(server.child, 'SIGTERM');
    expect(keptBy(await serve({ [kept]: '1048576' }))).toBe(`${kept}=1048576`);
  });

  it('shows the keys that it made once, and keys that were chosen never', async () => {
    const first = await serve();
    await exitOf(first.child, 'SIGTERM');
    const second = await serve();
    expect(keysIn(second.stdout)).toBe('undefined:undefined');
    expect(await adminOf(second, keysIn(first.stdout))).toBe(200);
    await exitOf(second.child, 'SIGTERM');
    rmSync(data, { recursive: true });
    const chosen = await serve({
      MORAINE_ADMIN_ACCESS_KEY_ID: 'AKIACHOSEN',
      MORAINE_ADMIN_SECRET_ACCESS_KEY: 'chosen-secret',
    });
    expect(chosen.stdout).not.toContain('chosen-secret');
    expect(await adminOf(chosen, 'AKIACHOSEN:chosen-secret')).toBe(200);
  });

  it.each([
    ['it was', false],
    ['it and its Postgres were', true],
  ])('serves again within ten seconds after %s killed', async (_, isPostgresToo) => {
    const first = await serve();
    const left = postmaster();
    await exitOf(first.child, 'SIGKILL');
    if (isPostgresToo) signal(left, 'SIGKILL');
    const startedAtMs = performance.now();
    const second = await serve();
    expect(performance.now() - startedAtMs).toBeLessThan(READY_MS_MAX);
    expect(await adminOf(second, keysIn(first.stdout))).toBe(200);
    expect(postmaster()).not.toBe(left);
  });

  it('ends with a code of its own when Postgres is killed under it', async () => {
    const server = await serve();
    const ended = once(server.child, 'exit');
    signal(postmaster(), 'SIGKILL');
    expect(await ended).toEqual([ExitCode.postgres, null]);
  });

  it('keeps a second one out of its data folder', async () => {
    const server = await serve();
    const { code, lines } = await run('serve');
    expect(code).toBe(ExitCode.dataInUse);
    expect(lines).toEqual([
      `moraine: process ${server.child.pid} already runs on the data folder ${data}; ` +
        'stop it, or give this one another folder by MORAINE_DATA',
    ]);
    expect((await run('projections list')).code).toBe(ExitCode.ok);
    expect(await adminOf(server)).toBe(200);
  });

  it('says in one line that its address is taken or its secret key another', async () => {
    const server = await serve();
    const taken = { MORAINE_LISTEN: server.url.slice('http://'.length) };
    const memory = { MORAINE_EVENT_LOG: 'memory', MORAINE_DATA: join(data, 'other') };
    expect(await run('serve', { ...taken, ...memory })).toEqual({
      code: ExitCode.listen,
      lines: [expect.stringContaining('MORAINE_LISTEN')],
    });
    await exitOf(server.child, 'SIGTERM');
    expect(await run('serve', { MORAINE_SECRET_KEY: 'another key than it was' })).toEqual({
      code: ExitCode.usage,
      lines: [expect.stringContaining('MORAINE_SECRET_KEY')],
    });
    expect(processesWith(clusterName(join(data, 'postgres')))).toEqual([]);
  });
});
