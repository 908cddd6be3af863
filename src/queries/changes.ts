import type { MetaRangeId, ObjectEntry, StagingToken, StorageNamespace } from '../domain/model.js';
import type { CommittedStore } from '../ports/committed-store.js';
import type { KvRow, KvSnapshot } from '../ports/kv-store.js';
import { partitions } from '../projections/kv-keys.js';
import { readPages, type TokenCursor } from '../projections/staging.view.js';
import { compareBytes, utf8 } from '../shared/bytes.js';
import { Interleaved, type PagedCursor } from '../shared/interleaved.js';
import type { Walk } from './differences.js';
import type { OverlayLimits } from './overlay.js';

interface Keyed {
  readonly key: Uint8Array;
}

/** An object of a tree under a tombstone of a token. */
export interface Removed extends Keyed {
  readonly was: ObjectEntry;
}

interface Base {
  readonly committed: CommittedStore;
  readonly namespace: StorageNamespace;
  readonly metaRangeId: MetaRangeId;
}

/** Rows of one source read at once. */
const ROWS_PER_READ_MAX = 1000;

/**
 * Walks what tokens have tombstones of, as far as a tree has an object there. Both sides are jumped
 * to where the other one goes on, so tombstones over nothing cost no more than untouched objects.
 */
export function removedFrom(
  { committed, namespace, metaRangeId }: Base,
  tokens: readonly StagingToken[],
  snapshot: KvSnapshot,
  { from, until, rowsPerRead }: OverlayLimits,
): Walk<Removed> {
  const cursors = tokens.map((token) => ({
    ...Interleaved.unread<KvRow>(from, rowsPerRead),
    token,
    partition: partitions.tombstones(token),
  }));
  const tombstones = new Interleaved<KvRow, TokenCursor>(
    cursors,
    (empty) => readPages(snapshot, empty, until),
    ROWS_PER_READ_MAX,
  );
  const readTree = async ([only]: readonly PagedCursor<Removed>[]) => {
    if (!only?.next) return [];
    const span = { from: only.next, limit: only.limit, ...(until && { until }) };
    const objects = await committed.scan(namespace, metaRangeId, span);
    return [objects.map(({ path, entry }) => ({ key: utf8(path), was: entry }))];
  };
  const cursor = Interleaved.unread<Removed>(from, rowsPerRead);
  const objects = new Interleaved<Removed, PagedCursor<Removed>>(
    [cursor],
    readTree,
    ROWS_PER_READ_MAX,
  );
  return new InBoth(tombstones, objects);
}

/** Rows of the right side whose keys the left one has too. */
class InBoth<Row extends Keyed> implements Walk<Row> {
  constructor(
    private readonly left: Walk<Keyed>,
    private readonly right: Walk<Row>,
  ) {}

  async next(): Promise<Row | undefined> {
    let left = await this.left.next();
    let right = left && (await this.right.next());
    while (left && right) {
      const order = compareBytes(left.key, right.key);
      if (order === 0) return right;
      if (order < 0) {
        this.left.skipTo(right.key);
        left = await this.left.next();
      } else {
        this.right.skipTo(left.key);
        right = await this.right.next();
      }
    }
    return undefined;
  }

  skipTo(key: Uint8Array): void {
    this.left.skipTo(key);
    this.right.skipTo(key);
  }
}

/** What is shown and what was removed, as one walk: what is shown is not removed. */
export class Changes<Shown extends Keyed> implements Walk<Shown | Removed> {
  #shown: Shown | undefined;
  #removed: Removed | undefined;

  constructor(
    private readonly shown: Walk<Shown>,
    private readonly removed: Walk<Removed>,
  ) {}

  async next(): Promise<Shown | Removed | undefined> {
    this.#shown ??= await this.shown.next();
    this.#removed ??= await this.removed.next();
    const [shown, removed] = [this.#shown, this.#removed];
    const order = shown && removed ? compareBytes(shown.key, removed.key) : 0;
    if (!shown || order > 0) {
      this.#removed = undefined;
      return removed;
    }
    // It was staged again behind its deletion.
    if (order === 0) this.#removed = undefined;
    this.#shown = undefined;
    return shown;
  }

  skipTo(key: Uint8Array): void {
    this.shown.skipTo(key);
    this.removed.skipTo(key);
    if (this.#shown && compareBytes(this.#shown.key, key) < 0) this.#shown = undefined;
    if (this.#removed && compareBytes(this.#removed.key, key) < 0) this.#removed = undefined;
  }
}
