// While 16 clients write to a branch, each reading what it wrote, 4 commit it and 4 list it: does
// anything fail, is anything acknowledged not there a moment later, or at the end?
import { commit } from './lib/commits.js';
import { newRepository } from './lib/fixtures.js';
import { countFound, handleSummary, write } from './lib/found.js';
import { clientsOr, countCommit, fail, fixturesAreReady, optionsOfMany } from './lib/measure.js';
import { get, getStatus } from './lib/server.js';

export { handleSummary };
const clients = { writers: clientsOr(16), committers: 4, readers: 4 };
export const options = optionsOfMany(clients);

const PAGE = 100;

export function setup() {
  const repository = newRepository();
  fixturesAreReady();
  return { repository };
}

export function writers({ repository }) {
  const path = `w-${__VU}/${__ITER}`;
  if (!write(repository, path)) return;
  const answer = getStatus(`${repository}/refs/main/objects/stat?path=${path}`);
  if (answer.status !== 200) fail(answer);
}

export function committers({ repository }) {
  countCommit(commit(repository, 'main'));
}

/** Pages must be in order and hold no path twice, whatever is committed meanwhile. */
export function readers({ repository }) {
  const answer = get(`${repository}/refs/main/objects/ls?amount=${PAGE}&prefix=w-${__ITER % 9}`);
  const paths = answer.status === 200 ? answer.json().results.map(({ path }) => path) : undefined;
  if (!paths?.every((path, at) => at === 0 || paths[at - 1] < path)) fail(answer);
}

export function teardown({ repository }) {
  countFound(repository);
}
