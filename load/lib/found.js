// What was written and acknowledged against what is found at the end: the two must be the same.
import { Counter, Gauge } from 'k6/metrics';
import { objectsPath, stagedBody } from './fixtures.js';
import { fail, handleSummary as summaryOf } from './measure.js';
import { expectStatus, get, putJsonOn } from './server.js';

const written = new Counter('written');
const found = new Gauge('found');

const PAGE = 1000;

/** Stages an object of its own on `main`; returns whether that was acknowledged. */
export function write(repository, path, node = 0) {
  const answer = putJsonOn(node, objectsPath(repository, 'main', path), stagedBody(path));
  const isWritten = answer.status === 201;
  if (isWritten) written.add(1);
  else fail(answer);
  return isWritten;
}

/** Counts what `main` holds, committed or not. */
export function countFound(repository) {
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
  // Where the writes are the question, they are what was done.
  const { count: writtenCount } = (data.metrics.written ?? data.metrics.done).values;
  const unfound = writtenCount - (data.metrics.found?.values.value ?? 0);
  data.metrics.unfound = { values: { value: unfound } };
  const files = summaryOf(data);
  files.stdout += `${writtenCount} writes acknowledged, ${unfound} more than found\n`;
  return files;
}
