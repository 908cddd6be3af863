// How fast are 100,000 committed objects deleted, a thousand a request, by 16 clients?
//
// It ends when all are deleted. LOAD_OBJECTS says how many; they are staged and committed before.
import exec from 'k6/execution';
import { Trend } from 'k6/metrics';
import { commitMain, newRepository, pathOf, stageMany } from './lib/fixtures.js';
import { allIsDone, clientsOr, fail, fixturesAreReady, optionsOfCount } from './lib/measure.js';
import { countMany, handleSummary as summaryOf } from './lib/measure.js';
import { get, postJson } from './lib/server.js';

const objects = Number(__ENV.LOAD_OBJECTS || 100_000);
const AT_ONCE = 1000;

/** When requests began and ended, epoch in ms: the run lasts from the first to the last. */
const at = new Trend('at');

export const options = {
  ...optionsOfCount({ clients: clientsOr(16), iterations: Math.ceil(objects / AT_ONCE) }),
  summaryTrendStats: ['med', 'p(99)', 'min', 'max'],
};

export function setup() {
  const repository = newRepository();
  stageMany(repository, objects);
  commitMain(repository);
  fixturesAreReady();
  return { repository };
}

export function work({ repository }) {
  const from = exec.scenario.iterationInTest * AT_ONCE;
  const count = Math.min(AT_ONCE, objects - from);
  const paths = Array.from({ length: count }, (_, index) => pathOf(from + index));
  at.add(Date.now());
  const answer = postJson(`${repository}/branches/main/objects/delete`, { paths });
  at.add(Date.now());
  const isDone = answer.status === 200 && answer.json().errors.length === 0;
  countMany(answer, isDone, count);
}

export function teardown({ repository }) {
  allIsDone();
  const left = get(`${repository}/refs/main/objects/ls?amount=1`);
  if (left.status !== 200 || left.json().results.length > 0) fail(left);
}

export function handleSummary(data) {
  const { min = 0, max = 1000 } = data.metrics.at?.values ?? {};
  return summaryOf(data, (max - min) / 1000);
}
