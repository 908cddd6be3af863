// How many branches can be made a second?
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
  const body = { name: `b-${__VU}-${__ITER}`, source: 'main' };
  const answer = postJson(`${repository}/branches`, body);
  count(answer, answer.status === 201);
}
