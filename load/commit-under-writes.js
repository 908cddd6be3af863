// While 16 clients write to a branch and 4 commit it: does any of them fail, and is every write
// that was acknowledged there at the end, and no other?
import { Counter, Gauge } from 'k6/metrics';
import { commit } from './lib/commits.js';
import { newRepository, objectsPath, stagedBody } from './lib/fixtures.js';
import { countCommit, fail, fixturesAreReady, handleSummary as summaryOf } from './lib/measure.js';
import { clientsOr, optionsOfMany } from './lib/measure.js';
import { expectStatus, get, putJsonForStatus } from './lib/server.js';

const written = new Counter('written');
const found = new Gauge('found');

export const options = optionsOfMany({ writers: clientsOr(16), committers: 4 });

const PAGE = 1000;

export function setup() {
  const repository = newRepository();
  fixturesAreReady();
  return { repository };
}

export function writers({ repository }) {
  const path = `w-${__VU}/${__ITER}`;
  const answer = putJsonForStatus(objectsPath(repository, 'main', path), stagedBody(path));
  if (answer.status === 201) written.add(1);
  else fail(answer);
}

export function committers({ repository }) {
  countCommit(commit(repository, 'main'));
}

/** Counts what the branch holds, committed or not. */
export function teardown({ repository }) {
  let total = 0;
  for (let after = '', hasMore = true; hasMore;) {
    const query = `amount=${PAGE}&after=${encodeURIComponent(after)}`;
    const page = expectStatus(get(`${repository}/refs/main/objects/ls?${query}`), 200).json();
    total += page.results.length;
    after = page.pagination.next_offset;
    hasMore = page.pagination.has_more;
  }
  found.add(total);
}

/** A write is lost when it was acknowledged and not found; one that failed may yet be found. */
export function handleSummary(data) {
  const writtenCount = data.metrics.written?.values.count ?? 0;
  const unfound = writtenCount - (data.metrics.found?.values.value ?? 0);
  data.metrics.unfound = { values: { value: unfound } };
  const files = summaryOf(data);
  files.stdout += `${writtenCount} writes acknowledged, ${unfound} more than found\n`;
  return files;
}
