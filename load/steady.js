// A load that stays the same whatever the server does: so many requests a second, waited for or
// not. Whoever runs it does something else to the server meanwhile, and compares the p99.
import { commit } from './lib/commits.js';
import { newRepository, objectBytes, objectsPath, pathOf, uploadMany } from './lib/fixtures.js';
import { commitMain } from './lib/fixtures.js';
import { count, countCommit, fixturesAreReady, optionsOfRates } from './lib/measure.js';
import { get, getStatus, postBytes } from './lib/server.js';

export { handleSummary } from './lib/measure.js';
/** A second. Together about a third of what two cores take. */
const rates = { uploads: 60, stats: 120, lists: 20, commits: 2 };
export const options = optionsOfRates(rates);

const OBJECTS = 2_000;
const bytes = objectBytes();

export function setup() {
  const repository = newRepository();
  uploadMany(repository, OBJECTS);
  commitMain(repository);
  fixturesAreReady();
  return { repository };
}

export function uploads({ repository }) {
  const path = `up-${__VU}/${__ITER}`;
  const answer = postBytes(objectsPath(repository, 'main', path), bytes);
  count(answer, answer.status === 201);
}

export function stats({ repository }) {
  const path = pathOf((__VU * 31 + __ITER * 7) % OBJECTS);
  const answer = getStatus(`${repository}/refs/main/objects/stat?path=${path}`);
  count(answer, answer.status === 200);
}

export function lists({ repository }) {
  const answer = get(`${repository}/refs/main/objects/ls?amount=100`);
  count(answer, answer.status === 200);
}

export function commits({ repository }) {
  countCommit(commit(repository, 'main'));
}
