// Everything at once, for long: 8 clients upload and read what they wrote, 4 ask for free names, 2
// commit, 2 merge branches of their own, 2 delete, 2 list. Does anything fail, does anything slow
// down? Whoever runs it watches the server's memory meanwhile: `npm run bench -- soak`.
import { Trend } from 'k6/metrics';
import { commit } from './lib/commits.js';
import { newBranches, newRepository, objectBytes, objectsPath } from './lib/fixtures.js';
import { stagedBody } from './lib/fixtures.js';
import { count, countEmpty, fail, fixturesAreReady, seconds } from './lib/measure.js';
import { handleSummary as summaryOf, optionsOfMany } from './lib/measure.js';
import { deleteOf, get, getStatus, postBytes, postBytesIfAbsent } from './lib/server.js';
import { postJson, putJsonForStatus } from './lib/server.js';

const clients = { uploads: 8, conditional: 4, commits: 2, merges: 2, deletes: 2, lists: 2 };
const MERGERS = 64;
const bytes = objectBytes();
/** The first and the last fifth of the run, to see whether it slows down. */
const early = new Trend('early', true);
const late = new Trend('late', true);

export const options = optionsOfMany(clients);

export function setup() {
  const repository = newRepository();
  newBranches(repository, MERGERS);
  fixturesAreReady();
  return { repository, startedAtMs: Date.now() };
}

export function uploads({ repository, startedAtMs }) {
  // In folders, as they are in a lake: a thousand each.
  const path = `up-${__VU}/${Math.floor(__ITER / 1000)}/${__ITER}`;
  const answer = postBytes(objectsPath(repository, 'main', path), bytes);
  count(answer, answer.status === 201);
  const part = (Date.now() - startedAtMs) / (seconds * 1000);
  if (part < 0.2) early.add(answer.timings.duration);
  if (part > 0.8) late.add(answer.timings.duration);
  const read = getStatus(`${repository}/refs/main/objects/stat?path=${path}`);
  if (read.status !== 200) fail(read);
}

export function conditional({ repository }) {
  const path = objectsPath(repository, 'main', `if-${__VU}/${__ITER}`);
  const answer = postBytesIfAbsent(path, bytes);
  if (answer.status !== 201) fail(answer);
}

export function commits({ repository }) {
  countEmpty(commit(repository, 'main'));
}

export function merges({ repository }) {
  const branch = `b-${(__VU % MERGERS) + 1}`;
  const path = `merged-${__VU}/${__ITER}`;
  const staged = putJsonForStatus(objectsPath(repository, branch, path), stagedBody(path));
  if (staged.status !== 201) return fail(staged);
  const made = commit(repository, branch);
  if (made.status !== 201) return fail(made);
  const merged = postJson(`${repository}/refs/${branch}/merge/main`, {});
  // Between a look and a merge somebody may have written to main: that is told, and true.
  const isDirty = merged.status === 400 && /uncommitted|dirty/.test(merged.body || '');
  if (merged.status !== 200 && !isDirty) fail(merged);
}

export function deletes({ repository }) {
  const path = objectsPath(repository, 'main', `gone-${__VU}/${__ITER % 100}`);
  const put = postBytes(path, bytes);
  if (put.status !== 201) return fail(put);
  const gone = deleteOf(path);
  if (gone.status !== 204) fail(gone);
}

export function lists({ repository }) {
  const query = __ITER % 2 === 0 ? 'delimiter=/' : `prefix=up-${(__ITER % 8) + 1}/`;
  const answer = get(`${repository}/refs/main/objects/ls?amount=100&${query}`);
  if (answer.status !== 200) fail(answer);
}

export function handleSummary(data) {
  const p99 = (name) => data.metrics[name]?.values['p(99)'] ?? 0;
  const files = summaryOf(data);
  files.stdout += `uploads' p99: first fifth ${p99('early').toFixed(1)} ms, last fifth ${p99('late').toFixed(1)} ms\n`;
  return files;
}
