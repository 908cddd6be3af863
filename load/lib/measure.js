// How long a run lasts, what it counts, and when it counts as passed.
import { Counter, Trend } from 'k6/metrics';

export const seconds = Number(__ENV.LOAD_SECONDS || 10);

/** What was asked for and done. */
const done = new Counter('done');
/** Neither done nor truthfully refused: the number that must be 0. */
const failed = new Counter('failed');
/** Commits that a server answered with "no changes". */
const unchanged = new Counter('unchanged');
const took = new Trend('took', true);

const REPORTED_FAILURES_MAX = 5;
let reportedCount = 0;

/** Returns the options of a run with one kind of client. */
export function optionsOf({ clients, exec = 'work', allows = {} }) {
  return bounded({ work: scenario(clients, exec) }, allows);
}

/** Returns the options of a run with several kinds of clients at once, by name. */
export function optionsOfMany(clientsOf, allows = {}) {
  const names = Object.keys(clientsOf);
  return bounded(
    Object.fromEntries(names.map((name) => [name, scenario(clientsOf[name], name)])),
    allows,
  );
}

/** Returns the options of a run in which each kind of work begins so often a second, by name. */
export function optionsOfRates(rateOf, allows = {}) {
  const names = Object.keys(rateOf);
  const steady = (exec, rate) => ({
    executor: 'constant-arrival-rate',
    rate,
    duration: `${seconds}s`,
    preAllocatedVUs: Math.max(4, Math.ceil(rate / 4)),
    maxVUs: Math.max(16, rate),
    gracefulStop: '60s',
    exec,
  });
  return bounded(Object.fromEntries(names.map((name) => [name, steady(name, rateOf[name])])), {
    // Work that nobody was free to begin is load that was not there.
    dropped_iterations: ['count==0'],
    ...allows,
  });
}

/** Returns the options of a run that does so many things and ends. */
export function optionsOfCount({ clients, iterations }) {
  const work = { executor: 'shared-iterations', vus: clients, iterations, maxDuration: '15m' };
  return { ...bounded({ work: { ...work, exec: 'work' } }, {}), setupTimeout: '900s' };
}

/** Returns how many clients a run has: LOAD_CLIENTS, or as many as the question says. */
export const clientsOr = (usual) => Number(__ENV.LOAD_CLIENTS || usual);

/** Marks the end of the fixtures: whoever samples CPU begins here. */
export function fixturesAreReady() {
  console.log('load: measuring begins');
}

/** Marks the end of a run that does so many things, as far as it is measured. */
export function allIsDone() {
  console.log('load: measuring ends');
}

/** Counts an operation of which every answer must be as told. */
export function count(answer, isDone, tookMs = answer.timings.duration) {
  took.add(tookMs);
  if (isDone) return void done.add(1);
  fail(answer);
}

/** Counts a commit: made, truthfully empty, or failed. Returns whether it was made. */
export function countCommit(answer, tookMs = answer.timings.duration) {
  took.add(tookMs);
  const isMade = answer.status === 201;
  if (isMade) done.add(1);
  else if (answer.status === 400 && /no changes/.test(answer.body || '')) unchanged.add(1);
  else fail(answer);
  return isMade;
}

/** Counts one answer for so many things done, or as one failure. */
export function countMany(answer, isDone, doneCount) {
  took.add(answer.timings.duration);
  if (isDone) return void done.add(doneCount);
  fail(answer);
}

/** Counts a commit that is there to be in the way: it fails or it does not. */
export function countEmpty(answer) {
  const isFine = answer.status === 201 || /no changes/.test(answer.body || '');
  if (!isFine) fail(answer);
}

/** Counts an answer that should not be, and shows the first few of them. */
export function fail(answer) {
  failed.add(1);
  if (reportedCount++ >= REPORTED_FAILURES_MAX) return;
  console.error(`${answer.url}: ${answer.status} ${answer.body || answer.error}`);
}

/**
 * Writes what was counted to LOAD_SUMMARY, and one line to the screen.
 *
 * @param {number} lastedSeconds  given by a run that does so many things and ends
 */
export function handleSummary({ metrics }, lastedSeconds = seconds) {
  const valueOf = (metric, name) => metrics[metric]?.values[name] ?? 0;
  const summary = {
    seconds: lastedSeconds,
    done: valueOf('done', 'count'),
    failed: valueOf('failed', 'count'),
    unchanged: valueOf('unchanged', 'count'),
    tookMs: { p50: valueOf('took', 'med'), p99: valueOf('took', 'p(99)') },
    written: valueOf('written', 'count'),
    unfound: valueOf('unfound', 'value'),
  };
  const line =
    `${(summary.done / lastedSeconds).toFixed(1)} a second, ${summary.failed} failed, ` +
    `${summary.unchanged} without changes, p50 ${summary.tookMs.p50.toFixed(2)} ms, ` +
    `p99 ${summary.tookMs.p99.toFixed(2)} ms\n`;
  const files = { stdout: line };
  if (__ENV.LOAD_SUMMARY) files[__ENV.LOAD_SUMMARY] = JSON.stringify(summary);
  return files;
}

function scenario(clients, exec) {
  return {
    executor: 'constant-vus',
    vus: clients,
    duration: `${seconds}s`,
    // What was asked for is waited for: a request that was cut off says nothing about its outcome.
    gracefulStop: '60s',
    exec,
  };
}

function bounded(scenarios, allows) {
  return {
    scenarios,
    setupTimeout: '120s',
    teardownTimeout: '120s',
    // Each tag of a sample costs the cores that the server wants.
    systemTags: [],
    summaryTrendStats: ['med', 'p(99)', 'max'],
    thresholds: { done: ['count>0'], failed: ['count==0'], ...allows },
  };
}
