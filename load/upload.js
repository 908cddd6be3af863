// How many objects of 1 KiB can be uploaded to one branch a second, bytes on disk included?
import { newRepository, objectBytes, objectsPath } from './lib/fixtures.js';
import { clientsOr, count, fixturesAreReady, handleSummary, optionsOf } from './lib/measure.js';
import { postBytes } from './lib/server.js';

export { handleSummary };
export const options = optionsOf({ clients: clientsOr(16) });

const body = objectBytes();

export function setup() {
  const repository = newRepository();
  fixturesAreReady();
  return { repository };
}

export function work({ repository }) {
  const answer = postBytes(objectsPath(repository, 'main', `w-${__VU}/${__ITER}`), body);
  count(answer, answer.status === 201);
}
