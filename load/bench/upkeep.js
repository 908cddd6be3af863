// What a rebuild of all views, and an export of the log, do to those who work on the server
// meanwhile: the same load with and without, in turns.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runQuestion } from '../compare/run-question.js';
import { CREDENTIALS, startOurs } from './servers.js';

/** What the p99 of a request may grow to, against the same load alone. */
const RATIO_MAX = 2;
/** Below this a p99 says more of the machine's timer than of the server. */
const NOISE_MS = 2;
const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const load = fileURLToPath(new URL('..', import.meta.url));

/** Returns the exit code: 1 when a request failed, or the p99 more than doubled. */
export async function upkeep({ values, folder, postgres }) {
  const databaseUrl = await postgres.newDatabase('bench_upkeep');
  const server = await startOurs({ databaseUrl, folder, number: 1 });
  const side = {
    urls: [server.url],
    pids: { server: server.pid },
    env: { ...CREDENTIALS, LOAD_URL: server.url },
  };
  const ask = (seconds) =>
    runQuestion({ script: 'steady.js' }, side, {
      k6: values.k6,
      clients: 1,
      seconds,
      folder: load,
    });
  const seconds = Number(values.seconds);
  const kinds = {
    rebuild: () => moraine(databaseUrl, folder, ['projections', 'rebuild']),
    export: () => exportOnce(databaseUrl, folder),
  };
  const runs = [];
  try {
    // A log that takes some seconds to go through.
    for (let grown = 0; grown < Number(values['warm-seconds']); grown += seconds)
      await ask(seconds);
    for (let round = 1; round <= Number(values.rounds); round++) {
      for (const [kind, work] of Object.entries(kinds)) {
        const alone = await ask(seconds);
        const beside = await besides(work, () => ask(seconds));
        const run = { kind, round, alone, beside: beside.result, doneCount: beside.doneCount };
        console.log(lineOf(run));
        runs.push(run);
      }
    }
  } finally {
    await server.stop();
  }
  writeFileSync(join(values.out, 'upkeep.json'), JSON.stringify(runs, null, 1));
  return report(runs);
}

/** Does a piece of work again and again while something else is measured. */
async function besides(work, measured) {
  const measuring = new AbortController();
  const working = again(work, measuring.signal);
  // Who cannot do its work ends the measurement too.
  const result = await Promise.race([measured(), working]);
  measuring.abort();
  return { result, doneCount: await working };
}

/** Returns how often it was done. */
async function again(work, signal) {
  let count = 0;
  for (; !signal.aborted; count++) await work();
  return count;
}

async function exportOnce(databaseUrl, folder) {
  const to = mkdtempSync(join(folder, 'export-'));
  try {
    await moraine(databaseUrl, folder, ['streams', 'export', '--to', to]);
  } finally {
    rmSync(to, { recursive: true });
  }
}

/** Runs a command beside the server, as who looks after an installation does. */
async function moraine(databaseUrl, folder, args) {
  const child = spawn(process.execPath, [cli, ...args], {
    env: {
      PATH: process.env.PATH,
      MORAINE_DATABASE_URL: databaseUrl,
      MORAINE_DATA: join(folder, 'ours'),
      MORAINE_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = [];
  child.stderr.on('data', (chunk) => said.push(chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${args.join(' ')}: ${code}\n${Buffer.concat(said)}`);
}

const lineOf = ({ kind, round, alone, beside, doneCount }) =>
  `${kind} ${round}: p99 ${alone.tookMs.p99.toFixed(1)} ms alone, ` +
  `${beside.tookMs.p99.toFixed(1)} ms beside ${doneCount} of them; ` +
  `p50 ${alone.tookMs.p50.toFixed(1)} and ${beside.tookMs.p50.toFixed(1)} ms; ` +
  `${alone.failed + beside.failed} failed; ` +
  `${(alone.done / alone.seconds).toFixed(0)} and ${(beside.done / beside.seconds).toFixed(0)} a second`;

function report(runs) {
  let failedCount = 0;
  const judge = (isFine, what) => {
    if (!isFine) failedCount++;
    console.log(`${isFine ? 'ok  ' : 'FAIL'} ${what}`);
  };
  for (const kind of new Set(runs.map((run) => run.kind))) {
    const of = runs.filter((run) => run.kind === kind);
    const sides = of.flatMap(({ alone, beside }) => [alone, beside]);
    const p99 = (side) => medianOf(of.map((run) => run[side].tookMs.p99));
    const ratio = p99('beside') / Math.max(NOISE_MS, p99('alone'));
    judge(ratio <= RATIO_MAX, `${kind}: p99 is ${ratio.toFixed(2)} of what it is alone`);
    judge(
      sides.every(({ failed, isPassed }) => failed === 0 && isPassed),
      `${kind}: no request failed, and none was left out`,
    );
  }
  console.log(
    `${new Set(runs.map((run) => run.kind)).size * 2 - failedCount} passed, ${failedCount} failed`,
  );
  return failedCount > 0 ? 1 : 0;
}

function medianOf(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
