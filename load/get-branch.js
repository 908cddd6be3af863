// How fast is a branch's head told?
import { newRepository } from './lib/fixtures.js';
import { clientsOr, count, fixturesAreReady, handleSummary, optionsOf } from './lib/measure.js';
import { getStatus } from './lib/server.js';

export { handleSummary };
export const options = optionsOf({ clients: clientsOr(16) });

export function setup() {
  const repository = newRepository();
  fixturesAreReady();
  return { repository };
}

export function work({ repository }) {
  const answer = getStatus(`${repository}/branches/main`);
  count(answer, answer.status === 200);
}
