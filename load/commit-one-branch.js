// How many commits can be made a second when all clients commit to one branch, and does any fail?
//
// "No changes" is no failure here: somebody else's commit may have taken what this client staged.
import { stageAndCommit } from './lib/commits.js';
import { newRepository } from './lib/fixtures.js';
import { clientsOr, fixturesAreReady, handleSummary, optionsOf } from './lib/measure.js';

export { handleSummary };
export const options = optionsOf({ clients: clientsOr(16) });

export function setup() {
  const repository = newRepository();
  fixturesAreReady();
  return { repository };
}

export function work({ repository }) {
  stageAndCommit(repository, 'main');
}
