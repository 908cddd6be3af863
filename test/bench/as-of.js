// What it costs to read a branch as of a moment, by how long the log is and by how much was not
// committed then.
//
//   node scripts/run-ts.js test/bench/as-of.js
//
// EVENTS=1000000 in the log of one branch, committed every STAGED=1000; SAMPLES=10 moments near
// its beginning, middle and end each, each asked for twice. Then a branch with LARGE=100000
// writes that nobody committed (990000 are just within the usual bound), and, with --expose-gc, the
// memory that is kept of them. Milliseconds of wall clock; events that were read from the log.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const EVENTS = Number(process.env.EVENTS ?? 1_000_000);
const STAGED = Number(process.env.STAGED ?? 1_000);
const SAMPLES = Number(process.env.SAMPLES ?? 10);
const LARGE = Number(process.env.LARGE ?? 100_000);
const PATHS = 20_000;

const { PostgresServer } = await import('../support/postgres-server.js');
const { onPostgres } = await import('../support/moraine.js');
const { newEvent } = await import('../../src/commands/new-events.js');
const { CommitBranch } = await import('../../src/commands/branch/commit-branch.js');
const { CreateBranch } = await import('../../src/commands/branch/create-branch.js');
const { StageObject } = await import('../../src/commands/object/stage-object.js');
const { CreateRepository } = await import('../../src/commands/repository/create-repository.js');
const { stagingStream, stagingToken } = await import('../../src/domain/staging/staging.stream.js');
const { BranchesView } = await import('../../src/projections/branches.view.js');
const { RepositoriesView } = await import('../../src/projections/repositories.view.js');
const { DiffBranch } = await import('../../src/queries/diff-branch.js');
const { ListObjects } = await import('../../src/queries/list-objects.js');
const { ListReflog } = await import('../../src/queries/list-reflog.js');
const { StatObject } = await import('../../src/queries/stat-object.js');

const folder = mkdtempSync(join(tmpdir(), 'moraine-'));
const server = new PostgresServer(folder, { shared_buffers: '256MB' });
await server.start();
const connection = { host: folder, user: 'postgres', database: 'postgres' };
const moraine = await onPostgres({ connection });
const { log, kv, clock, ids } = moraine.adapters;
const repository = 'lake';
const median = (values) => values.toSorted((a, b) => a - b)[values.length >>> 1] ?? Number.NaN;
const shown = (ms) => ms.toFixed(ms < 10 ? 1 : 0);

const pathOf = (nth) => `table-${nth % 40}/part-${String(nth).padStart(7, '0')}.parquet`;
const entryOf = (nth) => ({
  address: `data/ft6poe1ksduapdji3oug/${String(nth).padStart(20, '0')}`,
  addressType: 'relative',
  checksum: `${nth}`.padStart(32, '5'),
  sizeBytes: 1_000 + (nth % 1_000),
  modifiedAtMs: 1_700_000_000_000 + nth,
  contentType: 'application/octet-stream',
  metadata: [],
});

async function stageOne(branch) {
  const { address, ...entry } = entryOf(0);
  const object = { ...entry, path: 'first', physicalAddress: `s3://b/${address}`, isForced: false };
  await moraine.execute(new StageObject(repository, branch, object, moraine.newRequest()));
}

/** Appends writes to a branch's open token, as the service does for a thousand at once. */
async function stage(branch, count, pathFrom) {
  const { uid } = await new RepositoriesView(kv).get(repository);
  const { life, tokens } = await new BranchesView(kv).get(uid, branch);
  const stream = stagingStream(stagingToken({ uid, branch, life, ordinal: tokens.hi }));
  for (let at = 0; at < count; at += 1_000) {
    const commandId = ids.commandId();
    const events = Array.from({ length: Math.min(1_000, count - at) }, (_, nth) => {
      const number = pathFrom(at + nth);
      const event = { type: 'ObjectStaged', path: pathOf(number), entry: entryOf(number) };
      return newEvent(event, commandId, String(nth));
    });
    const context = { atMs: clock.nowMs(), caller: 'bench', requestId: 'bench', commandId };
    await log.append([{ stream, expected: 'open', events }], context);
  }
}

const page = { after: '', amount: 100 };
const flat = { prefix: '', delimiter: '' };
const questions = {
  list: (ref) => new ListObjects(repository, ref, page, flat),
  'list /': (ref) => new ListObjects(repository, ref, page, { prefix: '', delimiter: '/' }),
  stat: (ref) => new StatObject(repository, ref, 'first'),
  diff: (ref) => new DiffBranch(repository, ref, page, flat),
};

let read = 0;
const plainRead = log.read.bind(log);
log.read = async (...asked) => {
  const events = await plainRead(...asked);
  read += events.length;
  return events;
};

async function timed(query) {
  read = 0;
  const beganMs = performance.now();
  await moraine.ask(query);
  return { ms: performance.now() - beganMs, events: read };
}

function report(name, runs) {
  const ms = runs.map((run) => run.ms);
  const events = runs.map((run) => run.events);
  const figures = [shown(median(ms)), shown(Math.max(...ms)), median(events)];
  console.log(`${name.padEnd(34)} ${figures.map((each) => String(each).padStart(9)).join('')}`);
}

async function ask(name, refs) {
  for (const [question, queryOf] of Object.entries(questions)) {
    const [first, again] = [[], []];
    for (const ref of refs(question)) {
      first.push(await timed(queryOf(ref)));
      again.push(await timed(queryOf(ref)));
    }
    report(`${name}: ${question}, first`, first);
    report(`${name}: ${question}, again`, again);
  }
}

try {
  await moraine.execute(
    new CreateRepository(
      {
        name: repository,
        namespace: `local://${repository}`,
        defaultBranch: 'main',
        isReadOnly: false,
        isBare: false,
      },
      moraine.newRequest(),
    ),
  );
  await stageOne('main');
  const beganMs = performance.now();
  const words = { message: 'm', metadata: [], dateMs: undefined, allowsEmpty: true };
  let last = 0;
  const times = [];
  for (let round = 0; last < EVENTS; round++) {
    await stage('main', STAGED, (nth) => (round * 7_919 + nth * 13) % PATHS);
    times.push(clock.nowMs());
    const wish = { ...words, isForced: false };
    await moraine.execute(new CommitBranch(repository, 'main', wish, moraine.newRequest()));
    if (round % 20 === 0) await moraine.sweep();
    last = await log.lastPosition();
  }
  console.log(`${last} events in ${shown((performance.now() - beganMs) / 1000)} s`);
  console.log(`${''.padEnd(34)}    median      most   events`);
  for (const [name, part] of [
    ['beginning', 0.02],
    ['middle', 0.5],
    ['end', 0.97],
  ]) {
    // Other moments for each question: what was laid out for one is not there for another.
    let next = Math.floor(last * part);
    const apart = Math.max(1, Math.min(137, Math.floor((last * 0.02) / (4 * SAMPLES))));
    await ask(name, () => Array.from({ length: SAMPLES }, () => `main@{p${(next += apart)}}`));
    const at = Math.min(times.length - 1, Math.floor(times.length * part));
    const dates = times.slice(at, at + SAMPLES).map((ms) => new Date(ms).toISOString());
    const byTime = [];
    for (const date of dates) byTime.push(await timed(questions.list(`main@{${date}}`)));
    report(`${name}: list by time, first`, byTime);
    const reflog = [];
    for (let nth = 0; nth < SAMPLES; nth++) {
      const before = Math.max(2, Math.floor(2 * times.length * part) + nth);
      reflog.push(await timed(new ListReflog(repository, 'main', { before, amount: 100 })));
    }
    report(`${name}: reflog`, reflog);
  }
  if (LARGE > 0) await large();
} finally {
  await moraine.close();
  await server.stop('SIGINT');
  rmSync(folder, { recursive: true, force: true });
}

async function large() {
  const wish = { branch: 'large', sourceRef: 'main', isHidden: false, isForced: false };
  await moraine.execute(new CreateBranch(repository, wish, moraine.newRequest()));
  await stageOne('large');
  await stage('large', LARGE, (nth) => (nth * 7_919) % (LARGE + 1));
  const position = await log.lastPosition();
  globalThis.gc?.();
  const before = process.memoryUsage();
  const turns = monitorEventLoopDelay({ resolution: 5 });
  const cpu = process.cpuUsage();
  turns.enable();
  await ask(`${LARGE} uncommitted`, () => [`large@{p${position}}`]);
  turns.disable();
  const { user, system } = process.cpuUsage(cpu);
  globalThis.gc?.();
  const after = process.memoryUsage();
  const grown = (name) => `${Math.round((after[name] - before[name]) / 1024 / 1024)} MiB ${name}`;
  console.log(`kept: ${grown('heapUsed')}, ${grown('arrayBuffers')}; ${grown('rss')}`);
  console.log(`CPU of this process: ${shown((user + system) / 1000)} ms`);
  const [most, hundredth] = [turns.max, turns.percentile(99)].map((ns) => shown(ns / 1e6));
  console.log(`longest turn: ${most} ms; one of a hundred: ${hundredth} ms`);
}
