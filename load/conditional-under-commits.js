// While 16 clients upload under names of their own that must be free (`If-None-Match: *`) and 4
// commit the branch: is any told that its name was taken, and is all that was acknowledged there?
import { commit } from './lib/commits.js';
import { newRepository, objectBytes, objectsPath } from './lib/fixtures.js';
import { countFound, handleSummary } from './lib/found.js';
import { clientsOr, count, countEmpty, fixturesAreReady, optionsOfMany } from './lib/measure.js';
import { postBytesIfAbsent } from './lib/server.js';

export { handleSummary };
export const options = optionsOfMany({ writers: clientsOr(16), committers: 4 });

const body = objectBytes();

export function setup() {
  const repository = newRepository();
  fixturesAreReady();
  return { repository };
}

export function writers({ repository }) {
  const answer = postBytesIfAbsent(objectsPath(repository, 'main', `w-${__VU}/${__ITER}`), body);
  count(answer, answer.status === 201);
}

export function committers({ repository }) {
  countEmpty(commit(repository, 'main'));
}

export function teardown({ repository }) {
  countFound(repository);
}
