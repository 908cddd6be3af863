import { globSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { seed } from '../../test/support/seed.js';
import { changesOf, inBatches } from '../../test/support/staged-samples.js';
import { expectPlainTrees, histories } from '../../test/support/tree-histories.js';
import { committedStoreContract } from '../../test/contract/committed-store.contract.js';
import { MemoryBlockStore } from '../block-adapter/memory-block-store.js';
import type { MetaRangeId, StorageNamespace } from '../domain/model.js';
import { DEFAULT_RANGE_PARAMETERS } from '../ports/committed-store.js';
import { CorruptData } from '../ports/store-errors.js';
import { BlockCommittedStore, DEFAULT_COMMITTED_LIMITS } from './block-committed-store.js';
import { RangeWorkerDied, RangeWorkersClosed } from './thread-session.js';

// A thread runs compiled code; `npm test` compiles first.
const workerUrl = pathToFileURL('dist/committed/range-worker.js');
const namespace = 'mem://threads' as StorageNamespace;
const empty = '' as MetaRangeId;

const stores: BlockCommittedStore[] = [];
function opened(url = workerUrl, blocks = new MemoryBlockStore()): BlockCommittedStore {
  const store = new BlockCommittedStore(blocks, url, DEFAULT_COMMITTED_LIMITS);
  stores.push(store);
  return store;
}
afterAll(() => Promise.all(stores.map((store) => store.close())));

const manyObjects = (count: number, version = 1) =>
  changesOf(new Map(Array.from({ length: count }, (_, n) => [`object-${n}`, version])));
const build = (store: BlockCommittedStore, count: number, base = empty, version = 1) =>
  store.apply(
    namespace,
    base,
    inBatches(manyObjects(count, version), 1000),
    DEFAULT_RANGE_PARAMETERS,
  );
const code = (text: string) => new URL(`data:text/javascript,${encodeURIComponent(text)}`);

committedStoreContract('BlockCommittedStore with threads', async () => opened());

describe(`building ranges on threads (SEED=${seed})`, () => {
  it('runs the code of these sources', () => {
    for (const source of globSync('src/committed/**/*.ts')) {
      if (source.endsWith('.spec.ts')) continue;
      const compiled = source.replace(/^src/, 'dist').replace(/\.ts$/, '.js');
      const isFresh = statSync(compiled).mtimeMs >= statSync(source).mtimeMs;
      expect([source, isFresh]).toEqual([source, true]);
    }
  });

  it('gives the files that one thread would give, one record after another', () => {
    const store = opened();
    return fc.assert(
      fc.asyncProperty(histories(9000), async (history) => {
        await expectPlainTrees(store, namespace, history);
      }),
      { seed, numRuns: 8 },
    );
  }, 60_000);

  it.each([
    ['when it starts', code('throw new Error("no such module")')],
    [
      'when it is given work',
      code(`
      import { parentPort } from 'node:worker_threads';
      parentPort.on('message', () => { throw new Error('out of memory'); });`),
    ],
    [
      'without a word',
      code(`
      import { parentPort } from 'node:worker_threads';
      parentPort.on('message', () => process.exit(3));`),
    ],
  ])('fails by name when a thread dies %s, each time anew', async (_, url) => {
    const store = opened(url);
    await expect(build(store, 5000)).rejects.toThrow(RangeWorkerDied);
    await expect(build(store, 5000)).rejects.toThrow(RangeWorkerDied);
  });

  it('goes on after a thread died, on another', async () => {
    const dying = code(`
      import { parentPort } from 'node:worker_threads';
      parentPort.once('message', (message) => {
        if (message.session === 1) process.exit(3);
        parentPort.on('message', (next) => port(next));
        port(message);
      });
      const port = ({ session, kind }) => parentPort.postMessage(kind === 'end'
        ? { session, kind: 'ended', counts: { addedCount: 0, changedCount: 0, removedCount: 0 } }
        : { session, kind: 'done' });`);
    const store = opened(dying);
    await expect(build(store, 5000)).rejects.toThrow(RangeWorkerDied);
    await expect(build(store, 5000)).resolves.toMatchObject({ addedCount: 0 });
  });

  it('fails by name what is not done when it is closed, and what is large after', async () => {
    const store = opened(
      code(`import { parentPort } from 'node:worker_threads';
      parentPort.on('message', () => {});`),
    );
    const waiting = build(store, 5000);
    const outcome = expect(waiting).rejects.toThrow(RangeWorkersClosed);
    await new Promise((resolve) => setImmediate(resolve));
    await store.close();
    await outcome;
    await expect(build(store, 5000)).rejects.toThrow(RangeWorkersClosed);
  });

  it('names the file when a base that a thread reads is corrupt', async () => {
    const blocks = new MemoryBlockStore();
    const { metaRangeId } = await build(opened(workerUrl, blocks), 20_000);
    let largest = { key: '', sizeBytes: 0 };
    for await (const block of blocks.list(namespace, { prefix: '', after: '' })) {
      if (block.sizeBytes > largest.sizeBytes) largest = block;
    }
    const address = { namespace, key: largest.key };
    const file = Buffer.from(await blocks.getBytes(address, 1e9));
    file[5000] = (file[5000] ?? 0) ^ 1;
    await blocks.put(
      address,
      (async function* () {
        yield file;
      })(),
    );

    const changed = build(opened(workerUrl, blocks), 20_000, metaRangeId, 2);
    await expect(changed).rejects.toThrow(CorruptData);
    await expect(changed).rejects.toThrow(`${namespace}/${largest.key}: a block does not match`);
  });
});
