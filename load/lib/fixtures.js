// What a run finds when it begins. Each run has a repository of its own, named `load-…`, so that
// no run meets the leftovers of another; nothing is removed at the end.
import { expectStatus, postJson, sendAll } from './server.js';

const namespacePrefix = __ENV.LOAD_NAMESPACE || 'local://load';
/** Where staged objects are said to be: outside of every repository; nobody reads there. */
const stagedPrefix = __ENV.LOAD_STAGED_ADDRESS || 'local:///tmp/load';

const REQUESTS_AT_ONCE = 20;
export const OBJECT_BYTES = 1024;

/** Makes a repository and returns its path below the API. */
export function newRepository() {
  const name = `load-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
  const storage_namespace = `${namespacePrefix}/${name}`;
  expectStatus(postJson('/repositories', { name, storage_namespace }), 201);
  return `/repositories/${name}`;
}

/** Makes branches of `main`, `b-1` to `b-<count>`. */
export function newBranches(repository, count) {
  for (let number = 1; number <= count; number++) {
    const body = { name: `b-${number}`, source: 'main' };
    expectStatus(postJson(`${repository}/branches`, body), 201);
  }
}

/** The path of an object's request, and the body that stages it without moving a byte. */
export const objectsPath = (repository, branch, path) =>
  `${repository}/branches/${branch}/objects?path=${path}`;
export const stagedBody = (path) => ({
  physical_address: `${stagedPrefix}/${path}`,
  checksum: 'd41d8cd98f00b204e9800998ecf8427e',
  size_bytes: OBJECT_BYTES,
});

/** Stages `count` objects on `main`; their paths are `pathOf(0)` and so on. */
export function stageMany(repository, count) {
  sendMany(count, (index) => {
    const path = pathOf(index);
    return ['PUT', objectsPath(repository, 'main', path), stagedBody(path)];
  });
}

/** Uploads `count` objects of {@link OBJECT_BYTES} bytes to `main`. */
export function uploadMany(repository, count) {
  const body = objectBytes();
  sendMany(count, (index) => ['POST', objectsPath(repository, 'main', pathOf(index)), body]);
}

export function commitMain(repository) {
  const body = { message: 'fixture', metadata: {} };
  expectStatus(postJson(`${repository}/branches/main/commits`, body), 201);
}

/** In byte order of the index, so that a listing can begin at any of them. */
export const pathOf = (index) => `dir/object-${String(index).padStart(6, '0')}`;

/** The same bytes in every run: what they are is not the question. */
export function objectBytes() {
  return new Uint8Array(OBJECT_BYTES).fill(0x6d).buffer;
}

function sendMany(count, requestOf) {
  for (let from = 0; from < count; from += REQUESTS_AT_ONCE) {
    const indices = Array.from({ length: Math.min(REQUESTS_AT_ONCE, count - from) });
    sendAll(
      indices.map((_, offset) => requestOf(from + offset)),
      201,
    );
  }
}
