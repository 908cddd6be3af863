// How many objects can be staged on one branch a second?
import { newRepository, objectsPath, stagedBody } from './lib/fixtures.js';
import { clientsOr, count, fixturesAreReady, handleSummary, optionsOf } from './lib/measure.js';
import { putJsonForStatus } from './lib/server.js';

export { handleSummary };
export const options = optionsOf({ clients: clientsOr(16) });

export function setup() {
  const repository = newRepository();
  fixturesAreReady();
  return { repository };
}

export function work({ repository }) {
  const path = `w-${__VU}/${__ITER}`;
  const answer = putJsonForStatus(objectsPath(repository, 'main', path), stagedBody(path));
  count(answer, answer.status === 201);
}
