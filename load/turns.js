// How long is the longest piece of work of the main thread? Starts a server of its own, asks what
// scale.js asks, and tells for each question how much CPU the main thread took at most between two
// turns of its loop: see turns/probe.js. It fails when a turn took more than 20 ms beside what the
// collector took of it.
//
//   node load/turns.js [--sizes 1000,100000] [--tombstones 1000] [--commits 2000] [--only tree,log]
//     [--port 8000] [--rest 25]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { newSide } from './compare/sides.js';
import { Client } from './scale/client.js';
import { logQuestions, tombstoneQuestions, treeQuestions } from './scale/questions.js';

const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string', default: '1000,100000' },
    tombstones: { type: 'string', default: '1000' },
    commits: { type: 'string', default: '2000' },
    only: { type: 'string', default: 'tree,tombstones,log' },
    port: { type: 'string', default: '8000' },
    /** Seconds in which the new server warms up. */
    rest: { type: 'string', default: '25' },
  },
});
const CPU_MS_MAX = 20;
const root = fileURLToPath(new URL('..', import.meta.url));
const data = mkdtempSync(join(tmpdir(), 'moraine-turns-'));
const file = join(data, 'turns.json');
const KEYS = { id: 'AKIAJTURNSTURNSTURNQ', secret: 'turns, and for measuring alone' };

const server = spawn(
  process.execPath,
  ['--import', './load/turns/probe.js', 'dist/cli.js', 'serve'],
  {
    cwd: root,
    env: {
      ...process.env,
      TURNS_FILE: file,
      MORAINE_DATA: data,
      MORAINE_LISTEN: `127.0.0.1:${options.port}`,
      MORAINE_STREAMS_LISTEN: 'off',
      MORAINE_LOG_LEVEL: 'warn',
      MORAINE_ADMIN_ACCESS_KEY_ID: KEYS.id,
      MORAINE_ADMIN_SECRET_ACCESS_KEY: KEYS.secret,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
const ended = once(server, 'close');
let failed = 0;
try {
  await once(server.stdout, 'data');
  await delay(Number(options.rest) * 1000);
  const url = `http://127.0.0.1:${options.port}`;
  const env = { LOAD_ACCESS_KEY_ID: KEYS.id, LOAD_SECRET_ACCESS_KEY: KEYS.secret };
  const client = new Client(newSide({ urls: [url], serverPids: [], env }));
  console.log('| question | longest turn, CPU-ms | of it the collector | over 20 ms | turns |');
  console.log('|---|---|---|---|---|');
  await turns();
  for (const questions of groups()) {
    const repository = await client.newRepository();
    for (const { question, ask } of questions) {
      await ask(client, repository);
      const { count, longest } = await turns();
      const [worst = { cpuMs: 0, gcMs: 0 }] = longest;
      const long = longest.filter(({ cpuMs }) => cpuMs > CPU_MS_MAX).length;
      // The collector's is a time on the clock, so on a busy machine it is more than its CPU.
      if (longest.some(({ cpuMs, gcMs }) => cpuMs - gcMs > CPU_MS_MAX)) failed++;
      const figures = [worst.cpuMs, worst.gcMs].map((ms) => ms.toFixed(1));
      console.log(`| ${[question, ...figures, long, count].join(' | ')} |`);
    }
  }
  client.close();
} finally {
  server.kill('SIGTERM');
  await ended;
  rmSync(data, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;

/** What the probe saw since it was asked last. */
async function turns() {
  rmSync(file, { force: true });
  server.kill('SIGUSR2');
  while (!existsSync(file)) await delay(20);
  await delay(20);
  return JSON.parse(readFileSync(file, 'utf8'));
}

function groups() {
  const numbers = (text) => text.split(',').map(Number);
  const all = {
    tree: numbers(options.sizes).map(treeQuestions),
    tombstones: numbers(options.tombstones).map(tombstoneQuestions),
    log: numbers(options.commits).map(logQuestions),
  };
  return options.only.split(',').flatMap((name) => all[name]);
}
