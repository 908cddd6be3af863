// Long random work: runs the jobs of test/soak in turn until the time is over, and writes a line a
// run to test/soak.csv.
//
//   npm run soak -- --minutes N [--only name] [--seed S]
//
// A job is a module that exports `name` and `run({ seed, minutes, signal })`, which returns
// `{ count, verdict, detail }`: how many things it tried, `ok` or `failed`, and a word on either.
// It ends soon after `signal` aborts. Given the same seed it does the same work. One that exports
// `isOneRun` gets all of the time when it is the only one.
//
// Resumable: the job whose last run is longest ago comes first, so a soak that was cut off goes on
// with what it had not come to yet.
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { appendFileSync, existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const MS_A_MINUTE = 60_000;
/** A job gets no more at once, so that each has its turn. */
const SLICE_MINUTES_MAX = 10;
/** What a job may take to notice that its time is over. */
const GRACE_MS = 2 * MS_A_MINUTE;
const COLUMNS = ['date', 'seed', 'commit', 'job', 'minutes', 'count', 'verdict', 'detail'];

/** @throws Error  a module that is no job, or a name that is there twice */
async function jobsIn(folder) {
  const jobs = new Map();
  for (const file of globSync('*.js', { cwd: folder }).toSorted()) {
    const { name, run, isOneRun = false } = await import(pathToFileURL(join(folder, file)).href);
    if (typeof name !== 'string' || typeof run !== 'function') {
      throw new Error(`${file} does not export name and run`);
    }
    if (jobs.has(name)) throw new Error(`two jobs are called ${name}`);
    jobs.set(name, { run, isOneRun });
  }
  return jobs;
}

/** Returns when each job ran last, as the record has it. */
function lastRuns(record) {
  const lines = existsSync(record) ? readFileSync(record, 'utf8').trim().split('\n').slice(1) : [];
  // Neither a date nor a job's name needs quotes, and they come before what may.
  return new Map(lines.map((line) => line.split(',')).map(([date, , , job]) => [job, date]));
}

function nextJob(names, last) {
  const lastAtMs = (name) => Date.parse(last.get(name) ?? '') || 0;
  return names.toSorted((a, b) => lastAtMs(a) - lastAtMs(b))[0];
}

/** Runs one job for its minutes; what it throws, and what it does not end, is a failure. */
async function runOnce(run, { seed, minutes, stop }) {
  const over = AbortSignal.timeout(Math.round(minutes * MS_A_MINUTE));
  const tooLong = Promise.withResolvers();
  const timer = setTimeout(
    () => tooLong.resolve({ count: 0, verdict: 'failed', detail: 'did not end in its time' }),
    minutes * MS_A_MINUTE + GRACE_MS,
  );
  try {
    const signal = AbortSignal.any([over, stop]);
    const result = await Promise.race([run({ seed, minutes, signal }), tooLong.promise]);
    if (!Number.isInteger(result?.count) || !['ok', 'failed'].includes(result?.verdict)) {
      throw new TypeError(`the job returned ${JSON.stringify(result)}`);
    }
    // Nothing tried is nothing shown.
    const isIdle = result.count === 0 && result.verdict === 'ok' && !stop.aborted;
    return isIdle ? { ...result, verdict: 'failed', detail: 'tried nothing' } : result;
  } catch (error) {
    return { count: 0, verdict: 'failed', detail: String(error?.stack ?? error) };
  } finally {
    clearTimeout(timer);
  }
}

function cell(value) {
  const text = String(value ?? '')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 8_000);
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function write(record, row) {
  if (!existsSync(record)) appendFileSync(record, `${COLUMNS.join(',')}\n`);
  appendFileSync(record, `${COLUMNS.map((column) => cell(row[column])).join(',')}\n`);
}

const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

function commitOfCheckout() {
  try {
    const isChanged = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', '--short=12', 'HEAD')}${isChanged ? '+' : ''}`;
  } catch {
    return 'unknown';
  }
}

function stopOnSignals() {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => controller.abort());
  return controller.signal;
}

async function soak({ minutes, only, seed, folder, record }) {
  const jobs = await jobsIn(folder);
  const names = [...jobs.keys()].filter((name) => only === undefined || name === only);
  if (names.length === 0) throw new Error(`no job ${only ?? ''} in ${folder}`);
  const isOneRun = names.length === 1 && jobs.get(names[0]).isOneRun;
  const slice = isOneRun ? minutes : Math.min(SLICE_MINUTES_MAX, minutes / names.length);
  const endsAtMs = Date.now() + minutes * MS_A_MINUTE;
  const stop = stopOnSignals();
  const commit = commitOfCheckout();
  let passed = 0;
  let failed = 0;
  const waiting = new Set(names);
  do {
    const job = nextJob([...waiting], lastRuns(record));
    const runSeed = seed ?? randomInt(2 ** 32);
    const startedAtMs = Date.now();
    console.log(`${job}: ${slice.toFixed(1)} minutes, seed ${runSeed}`);
    const result = await runOnce(jobs.get(job).run, { seed: runSeed, minutes: slice, stop });
    const isCut = stop.aborted && result.verdict === 'ok';
    const row = {
      date: new Date().toISOString(),
      seed: runSeed,
      commit,
      job,
      minutes: ((Date.now() - startedAtMs) / MS_A_MINUTE).toFixed(2),
      ...result,
      ...(isCut ? { verdict: 'interrupted' } : {}),
    };
    write(record, row);
    console.log(`${job}: ${row.count} tried, ${row.verdict} ${row.detail ?? ''}`);
    passed += row.verdict === 'ok' ? 1 : 0;
    failed += row.verdict === 'failed' ? 1 : 0;
    // The same seed again would do the same again, and what failed is to be looked at first.
    if (seed !== undefined || row.verdict === 'failed') waiting.delete(job);
  } while (!stop.aborted && waiting.size > 0 && Date.now() + 1_000 < endsAtMs);
  console.log(`${passed} passed, ${failed} failed`);
  // A job that does not end must not keep us.
  process.exit(failed > 0 ? 1 : 0);
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    only: { type: 'string' },
    seed: { type: 'string' },
    folder: { type: 'string', default: join(root, 'test/soak') },
    record: { type: 'string', default: join(root, 'test/soak.csv') },
  },
});
const minutes = Number(values.minutes);
const seed = values.seed === undefined ? undefined : Number(values.seed);
if (!(minutes > 0) || (seed !== undefined && !Number.isSafeInteger(seed))) {
  console.error('usage: npm run soak -- --minutes N [--only name] [--seed S]');
  process.exit(2);
}
await soak({ ...values, minutes, seed });
