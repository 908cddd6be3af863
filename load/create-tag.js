// How many tags can be made a second?
import { newRepository } from './lib/fixtures.js';
import { clientsOr, count, fixturesAreReady, handleSummary, optionsOf } from './lib/measure.js';
import { postJson } from './lib/server.js';

export { handleSummary };
export const options = optionsOf({ clients: clientsOr(16) });

export function setup() {
  const repository = newRepository();
  fixturesAreReady();
  return { repository };
}

export function work({ repository }) {
  const body = { id: `t-${__VU}-${__ITER}`, ref: 'main' };
  const answer = postJson(`${repository}/tags`, body);
  count(answer, answer.status === 201);
}
