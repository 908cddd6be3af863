import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { MemoryBlockStore } from '../../src/block-adapter/memory-block-store.js';
import { BlockCommittedStore } from '../../src/committed/block-committed-store.js';
import type { MetaRangeId, StorageNamespace } from '../../src/domain/model.js';
import {
  largeHistory,
  playMerge,
  type MergeHistory,
  type MergeOutcome,
  type RecordedMerge,
} from './recorded-merges.js';

interface Golden {
  readonly large: { readonly count: number; readonly outcome: MergeOutcome };
  readonly merges: readonly RecordedMerge[];
}

// Made by lakeFS 1.84; see test/golden/ORIGIN.md.
const golden = JSON.parse(readFileSync('test/golden/merges.json', 'utf8')) as Golden;
const namespace = 'mem://recorded' as StorageNamespace;

const played = (history: MergeHistory, store = opened()) => playMerge(store, namespace, history);
const opened = () => new BlockCommittedStore(new MemoryBlockStore(), undefined);

describe('the same histories as on lakeFS', () => {
  it('give the same trees, merges and differences', async () => {
    for (const { history, outcome } of golden.merges) {
      expect(await played(history)).toEqual(outcome);
    }
  });

  it('give the same merge of trees of many blocks', async () => {
    const { count, outcome } = golden.large;
    expect(await played(largeHistory(count))).toEqual(outcome);
  });

  it('are worth it: of many ranges, each strategy, conflicts and merges', async () => {
    const kinds = golden.merges.map(({ history, outcome }) => {
      return `${history.strategy} ${outcome.merged === null ? 'conflict' : 'merged'}`;
    });
    expect(new Set(kinds)).toEqual(
      new Set(['default merged', 'default conflict', 'source-wins merged', 'dest-wins merged']),
    );
    const store = opened();
    let rangeCount = 0;
    for (const { history, outcome } of golden.merges) {
      await played(history, store);
      const id = (outcome.merged ?? '') as MetaRangeId;
      rangeCount += (await store.ranges(namespace, id)).length;
    }
    expect(rangeCount).toBeGreaterThan(golden.merges.length * 3);
  });
});
