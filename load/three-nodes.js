// Three nodes, one hot branch: 16 clients write, each by one node and reading what it wrote by the
// next, and 4 commit. Does anything fail, is anything acknowledged not there, there or at the end?
//
// LOAD_URLS names the nodes, with commas.
import { newRepository } from './lib/fixtures.js';
import { countFound, handleSummary, write } from './lib/found.js';
import { clientsOr, countCommit, fail, fixturesAreReady, optionsOfMany } from './lib/measure.js';
import { getStatusOn, postJsonOn } from './lib/server.js';

export { handleSummary };
export const options = optionsOfMany({ writers: clientsOr(16), committers: 4 });

export function setup() {
  const repository = newRepository();
  fixturesAreReady();
  return { repository };
}

export function writers({ repository }) {
  const path = `w-${__VU}/${__ITER}`;
  if (!write(repository, path, __VU)) return;
  const answer = getStatusOn(__VU + 1, `${repository}/refs/main/objects/stat?path=${path}`);
  if (answer.status !== 200) fail(answer);
}

export function committers({ repository }) {
  const body = { message: `${__VU} ${__ITER}`, metadata: {} };
  countCommit(postJsonOn(__VU, `${repository}/branches/main/commits`, body));
}

export function teardown({ repository }) {
  countFound(repository);
}
