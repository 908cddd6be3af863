// How fast are a hundred committed objects listed, from anywhere in the tree?
import { commitMain, newRepository, pathOf, stageMany } from './lib/fixtures.js';
import { clientsOr, count, fixturesAreReady, handleSummary, optionsOf } from './lib/measure.js';
import { get } from './lib/server.js';

export { handleSummary };
export const options = optionsOf({ clients: clientsOr(16) });

const OBJECTS = 2000;
const PAGE = 100;

export function setup() {
  const repository = newRepository();
  stageMany(repository, OBJECTS);
  commitMain(repository);
  fixturesAreReady();
  return { repository };
}

export function work({ repository }) {
  const after = pathOf(Math.floor(Math.random() * (OBJECTS - PAGE)));
  const answer = get(`${repository}/refs/main/objects/ls?amount=${PAGE}&after=${after}`);
  // Read as text: parsing a hundred records would cost more than asking for them.
  count(answer, answer.status === 200 && answer.body.includes(`"results":${PAGE}`));
}
