// While 16 clients write to a branch and 4 commit it: does any of them fail, and is every write
// that was acknowledged there at the end, and no other?
import { commit } from './lib/commits.js';
import { newRepository } from './lib/fixtures.js';
import { countFound, handleSummary, write } from './lib/found.js';
import { clientsOr, countCommit, fixturesAreReady, optionsOfMany } from './lib/measure.js';

export { handleSummary };
export const options = optionsOfMany({ writers: clientsOr(16), committers: 4 });

export function setup() {
  const repository = newRepository();
  fixturesAreReady();
  return { repository };
}

export function writers({ repository }) {
  write(repository, `w-${__VU}/${__ITER}`);
}

export function committers({ repository }) {
  countCommit(commit(repository, 'main'));
}

export function teardown({ repository }) {
  countFound(repository);
}
