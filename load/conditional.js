// How many uploads of 1 KiB that ask for a free name (`If-None-Match: *`) get through on one branch
// a second, against as many plain ones; and beside 64 plain writers, while commits land?
//
//   k6 run load/conditional.js
//
// Two phases: 16 plain writers on one branch and 16 conditional ones on another, at the same time,
// so that the ratio is one of the same machine at the same moment; then 16 conditional ones beside
// 64 plain ones and a committer, all on one branch. One name in ten was taken by the same client a
// moment before, and must be refused: that counts as an answer.
import { Counter, Trend } from 'k6/metrics';
import { newBranches, newRepository, objectBytes, objectsPath } from './lib/fixtures.js';
import { fail, fixturesAreReady } from './lib/measure.js';
import { postBytes, postBytesIfAbsent, postJson } from './lib/server.js';

const phaseS = Number(__ENV.LOAD_SECONDS || 10);
/** Of the last phase one conditional writer may not fall behind an even share by more than this. */
const SHARE_MIN = 0.5;
const RATIO_MIN = 0.8;

const plain = new Counter('plain');
const conditional = new Counter('conditional');
const besidePlain = new Counter('beside_plain');
const besideConditional = new Counter('beside_conditional');
const took = new Trend('took_conditional', true);
const body = objectBytes();

const phase = (exec, vus, at) => ({
  executor: 'constant-vus',
  vus,
  duration: `${phaseS}s`,
  startTime: `${at * (phaseS + 2)}s`,
  gracefulStop: '30s',
  exec,
});

export const options = {
  scenarios: {
    plain: phase('writePlain', 16, 0),
    conditional: phase('writeConditional', 16, 0),
    besidePlain: phase('writeBeside', 64, 1),
    besideConditional: phase('writeConditionalBeside', 16, 1),
    committer: phase('commit', 1, 1),
  },
  setupTimeout: '120s',
  systemTags: [],
  summaryTrendStats: ['med', 'p(99)', 'max'],
  thresholds: { failed: ['count==0'] },
};

export function setup() {
  const repository = newRepository();
  newBranches(repository, 1);
  fixturesAreReady();
  return { repository };
}

const pathOf = (repository, kind, branch = 'main') =>
  objectsPath(repository, branch, `${kind}-${__VU}/${__ITER}`);

export function writePlain({ repository }) {
  upload(plain, postBytes(pathOf(repository, 'p', 'b-1'), body));
}

export function writeConditional({ repository }) {
  uploadIfAbsent(conditional, pathOf(repository, 'c'));
}

export function writeBeside({ repository }) {
  upload(besidePlain, postBytes(pathOf(repository, 'bp'), body));
}

export function writeConditionalBeside({ repository }) {
  uploadIfAbsent(besideConditional, pathOf(repository, 'bc'));
}

export function commit({ repository }) {
  const answer = postJson(`${repository}/branches/main/commits`, { message: `c ${__ITER}` });
  if (answer.status !== 201 && answer.status !== 400) fail(answer);
}

function upload(counter, answer) {
  if (answer.status === 201) counter.add(1);
  else fail(answer);
}

function uploadIfAbsent(counter, path) {
  const answer = postBytesIfAbsent(path, body);
  took.add(answer.timings.duration);
  upload(counter, answer);
  if (__ITER % 10 !== 0) return;
  const again = postBytesIfAbsent(path, body);
  if (again.status === 412) counter.add(1);
  else fail(again);
}

export function handleSummary({ metrics }) {
  const rateOf = (name) => (metrics[name]?.values.count ?? 0) / phaseS;
  const [alone, asked] = [rateOf('plain'), rateOf('conditional')];
  const [beside, askedBeside] = [rateOf('beside_plain'), rateOf('beside_conditional')];
  const ratio = asked / alone;
  const share = askedBeside / 16 / (beside / 64);
  const failed = metrics.failed?.values.count ?? 0;
  const { med = 0, 'p(99)': p99 = 0 } = metrics.took_conditional?.values ?? {};
  const isGood = ratio >= RATIO_MIN && share >= SHARE_MIN && failed === 0;
  const line =
    `plain ${alone.toFixed(0)} a second, conditional ${asked.toFixed(0)}: ${ratio.toFixed(2)} of it; ` +
    `beside 64 plain writers (${beside.toFixed(0)} a second) ${askedBeside.toFixed(0)}: ` +
    `${share.toFixed(2)} of an even share; p50 ${med.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms; ` +
    `${failed} failed: ${isGood ? 'good' : 'NOT GOOD'}\n`;
  return { stdout: line };
}
