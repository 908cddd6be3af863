// How many commits of one object can be made a second, when every client has a branch of its own?
import { stageAndCommit } from './lib/commits.js';
import { newBranches, newRepository } from './lib/fixtures.js';
import { clientsOr, fixturesAreReady, handleSummary, optionsOf } from './lib/measure.js';

export { handleSummary };
const clients = clientsOr(16);
export const options = optionsOf({ clients, allows: { unchanged: ['count==0'] } });

export function setup() {
  const repository = newRepository();
  newBranches(repository, clients);
  fixturesAreReady();
  return { repository };
}

export function work({ repository }) {
  stageAndCommit(repository, `b-${((__VU - 1) % clients) + 1}`);
}
