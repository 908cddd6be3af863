import { describe, expect, it } from '@jest/globals';
import { MemoryBlockStore } from '../../block-adapter/memory-block-store.js';
import { BlockCommittedStore } from '../../committed/block-committed-store.js';
import type { ImportCheckpoint } from '../../domain/import/import.events.js';
import type { StorageNamespace } from '../../domain/model.js';
import { DEFAULT_RANGE_PARAMETERS } from '../../ports/committed-store.js';
import { utf8 } from '../../shared/bytes.js';
import { importWish } from '../../../test/support/samples/import.samples.js';
import { IngestTree } from './ingest-tree.js';

const old = 'mem://old' as StorageNamespace;
const namespace = 'mem://lake' as StorageNamespace;
const OBJECTS = 400;
/** About ten ranges, so that slices end within ranges and between them. */
const PARAMETERS = { ...DEFAULT_RANGE_PARAMETERS, raggednessEntries: 40 };
const keyOf = (at: number) => `in/${String(at).padStart(4, '0')}`;

async function filled(count = OBJECTS) {
  const blocks = new MemoryBlockStore();
  for (let at = 0; at < count; at++) {
    await blocks.putIfAbsent({ namespace: old, key: keyOf(at) }, utf8(`body ${at}`));
  }
  return { blocks, committed: new BlockCommittedStore(blocks, undefined) };
}

const wish = {
  ...importWish,
  sources: [{ kind: 'prefix', uri: `${old}/in`, prefix: 'to/' }],
} as const;

function ingestion(
  stores: Awaited<ReturnType<typeof filled>>,
  objectsPerSlice: number,
  {
    checkpoint = null,
    signal,
  }: { checkpoint?: ImportCheckpoint | null; signal?: AbortSignal } = {},
) {
  const stop = signal ?? new AbortController().signal;
  return new IngestTree(stores, { wish, checkpoint }, stop, {
    objectsPerSlice,
    parameters: PARAMETERS,
  });
}

describe('the tree of an import', () => {
  it('holds what the sources gave', async () => {
    const stores = await filled();
    const work = ingestion(stores, OBJECTS * 2);
    const id = await work.run(namespace);
    expect(work.ingestedCount).toBe(OBJECTS);
    const found = await stores.committed.scan(namespace, id, {
      from: utf8(''),
      limit: OBJECTS + 1,
    });
    expect(found.map(({ path }) => path)).toEqual(
      Array.from({ length: OBJECTS }, (_, at) => keyOf(at).replace('in/', 'to/')),
    );
  });

  it.each([1, 7, 40, 100, OBJECTS])('is the same in slices of %i', async (objectsPerSlice) => {
    const stores = await filled();
    const whole = await ingestion(stores, OBJECTS * 2).run(namespace);
    const work = ingestion(stores, objectsPerSlice);
    expect(await work.run(namespace)).toBe(whole);
    expect(work.ingestedCount).toBe(OBJECTS);
  });

  it('is the same when another goes on from any checkpoint', async () => {
    const stores = await filled();
    const whole = await ingestion(stores, OBJECTS * 2).run(namespace);
    const checkpoints: ImportCheckpoint[] = [];
    const work = ingestion(stores, 30);
    const looking = setInterval(() => {
      const checkpoint = work.takeCheckpoint();
      if (checkpoint) checkpoints.push(checkpoint);
    });
    await work.run(namespace);
    clearInterval(looking);
    expect(checkpoints.length).toBeGreaterThan(0);
    for (const checkpoint of checkpoints) {
      const again = ingestion(stores, 70, { checkpoint });
      expect(again.ingestedCount).toBe(checkpoint.ingestedCount);
      expect(await again.run(namespace)).toBe(whole);
      expect(again.ingestedCount).toBe(OBJECTS);
    }
  });

  it('is empty when there are no sources', async () => {
    const stores = await filled(0);
    const none = { ...wish, sources: [] };
    const signal = new AbortController().signal;
    const work = new IngestTree(stores, { wish: none, checkpoint: null }, signal);
    expect(await work.run(namespace)).toBe('');
  });

  it('is given up when it is told to stop', async () => {
    const stores = await filled();
    const stop = new AbortController();
    stop.abort();
    const { signal } = stop;
    await expect(ingestion(stores, 50, { signal }).run(namespace)).rejects.toThrow();
  });
});
