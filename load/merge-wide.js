// 16 clients, each with a branch of its own, merge into one branch: how many merges a second, how
// long does one wait, and does any fail? Timed is the merge; what it merges is staged and committed
// before.
import { commit } from './lib/commits.js';
import { newBranches, newRepository, objectsPath, stagedBody } from './lib/fixtures.js';
import { clientsOr, count, fail, fixturesAreReady, optionsOf } from './lib/measure.js';
import { handleSummary } from './lib/measure.js';
import { postJson, putJsonForStatus } from './lib/server.js';

export { handleSummary };
const clients = clientsOr(16);
export const options = optionsOf({ clients });

export function setup() {
  const repository = newRepository();
  newBranches(repository, clients);
  fixturesAreReady();
  return { repository };
}

export function work({ repository }) {
  const branch = `b-${((__VU - 1) % clients) + 1}`;
  const path = `w-${__VU}/${__ITER}`;
  const staged = putJsonForStatus(objectsPath(repository, branch, path), stagedBody(path));
  if (staged.status !== 201) return fail(staged);
  const made = commit(repository, branch);
  if (made.status !== 201) return fail(made);
  const merged = postJson(`${repository}/refs/${branch}/merge/main`, {});
  count(merged, merged.status === 200);
}
