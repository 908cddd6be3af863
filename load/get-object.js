// How fast are an object's bytes served, 1 KiB of a committed object?
import { commitMain, newRepository, OBJECT_BYTES, pathOf, uploadMany } from './lib/fixtures.js';
import { clientsOr, count, fixturesAreReady, handleSummary, optionsOf } from './lib/measure.js';
import { getBytes } from './lib/server.js';

export { handleSummary };
export const options = optionsOf({ clients: clientsOr(16) });

const OBJECTS = 500;

export function setup() {
  const repository = newRepository();
  uploadMany(repository, OBJECTS);
  commitMain(repository);
  fixturesAreReady();
  return { repository };
}

export function work({ repository }) {
  const path = pathOf(Math.floor(Math.random() * OBJECTS));
  const answer = getBytes(`${repository}/refs/main/objects?path=${path}`);
  count(answer, answer.status === 200 && answer.body.byteLength === OBJECT_BYTES);
}
