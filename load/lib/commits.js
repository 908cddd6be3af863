// A client that stages one object and commits it, over and over.
import { objectsPath, stagedBody } from './fixtures.js';
import { countCommit, fail } from './measure.js';
import { postJson, putJsonForStatus } from './server.js';

/** Stages one object on a branch and commits it: one operation, timed from end to end. */
export function stageAndCommit(repository, branch) {
  const path = `w-${__VU}/${__ITER}`;
  const staged = putJsonForStatus(objectsPath(repository, branch, path), stagedBody(path));
  if (staged.status !== 201) return fail(staged);
  const made = commit(repository, branch);
  countCommit(made, staged.timings.duration + made.timings.duration);
}

/** Commits whatever is staged on a branch. */
export function commit(repository, branch) {
  const body = { message: `${__VU} ${__ITER}`, metadata: {} };
  return postJson(`${repository}/branches/${branch}/commits`, body);
}
