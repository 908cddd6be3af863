// How fast is an object's record found, when it is committed?
import { commitMain, newRepository, pathOf, stageMany } from './lib/fixtures.js';
import { clientsOr, count, fixturesAreReady, handleSummary, optionsOf } from './lib/measure.js';
import { getStatus } from './lib/server.js';

export { handleSummary };
export const options = optionsOf({ clients: clientsOr(16) });

const OBJECTS = 2000;

export function setup() {
  const repository = newRepository();
  stageMany(repository, OBJECTS);
  commitMain(repository);
  fixturesAreReady();
  return { repository };
}

export function work({ repository }) {
  const path = pathOf(Math.floor(Math.random() * OBJECTS));
  const answer = getStatus(`${repository}/refs/main/objects/stat?path=${path}`);
  count(answer, answer.status === 200);
}
