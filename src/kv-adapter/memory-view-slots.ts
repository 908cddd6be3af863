import { viewOf, type KvRow, type KvWrite } from '../ports/kv-store.js';
import { SlotUnknown, StoreUnavailable } from '../ports/store-errors.js';
import {
  DIFFERING_ROWS_MAX,
  SWAP_MS_MAX,
  ViewSlots,
  type DifferingRow,
  type SlotDifference,
  type SlotDigest,
  type SlotRow,
  type SwapOptions,
  type SwapOutcome,
  type ViewSlot,
} from '../ports/view-slots.js';
import { assert } from '../shared/assert.js';
import { compareBytes, compareUtf8 } from '../shared/bytes.js';
import { PLAIN_VIEW } from './check-kv.js';
import type { MemoryKvStore } from './memory-kv-store.js';
import { rowAt } from './partition-rows.js';
import { SlotHash } from './slot-digest.js';

type SlotRows = ReadonlyMap<string, readonly KvRow[]>;

/** The slots of a store in memory. */
export class MemoryViewSlots extends ViewSlots {
  readonly #kv: MemoryKvStore;
  readonly #versions = new Map<number, number>();
  readonly #idle = new Map<number, { view: string; state: 'building' | 'retired' }>();

  constructor(kv: MemoryKvStore) {
    super();
    this.#kv = kv;
  }

  async list(): Promise<readonly ViewSlot[]> {
    const active = [...this.#kv.views].map(([view, slot]): ViewSlot => ({
      slot,
      view,
      version: this.#versions.get(slot) ?? 0,
      state: 'active',
    }));
    const idle = [...this.#idle].map(([slot, of]): ViewSlot => ({
      slot,
      version: this.#versions.get(slot) ?? 0,
      ...of,
    }));
    return [...active, ...idle].toSorted((left, right) => left.slot - right.slot);
  }

  async declare(view: string, version: number): Promise<void> {
    const slot = this.#kv.slotOf(view) ?? this.#kv.newSlot();
    this.#kv.useSlot(view, slot);
    if (!this.#versions.has(slot)) this.#versions.set(slot, version);
  }

  async begin(view: string, version: number): Promise<number> {
    assert(view !== PLAIN_VIEW, 'what is no view is not built from events');
    const slot = this.#kv.newSlot();
    this.#idle.set(slot, { view, state: 'building' });
    this.#versions.set(slot, version);
    return slot;
  }

  async write(slot: number, writes: readonly KvWrite[]): Promise<void> {
    this.#write(slot, writes);
  }

  async compare(left: number, right: number): Promise<SlotDifference> {
    return differenceOf(this.#rowsOf(left), this.#rowsOf(right));
  }

  async digest(slot: number): Promise<SlotDigest> {
    const partitions = this.#rowsOf(slot);
    const hash = new SlotHash();
    for (const partition of [...partitions.keys()].sort(compareUtf8)) {
      for (const row of partitions.get(partition) ?? []) hash.add({ partition, ...row });
    }
    return hash.digest();
  }

  async swap(slot: number, options: SwapOptions): Promise<SwapOutcome> {
    return this.#kv.holdAppends(async () => this.#swap(slot, options));
  }

  async drop(slot: number): Promise<void> {
    if (!this.#idle.delete(slot)) throw new SlotUnknown(`slot ${slot} is in use, or not there`);
    this.#kv.forget(slot);
    this.#versions.delete(slot);
  }

  async #swap(slot: number, options: SwapOptions): Promise<SwapOutcome> {
    const { view } = this.#building(slot);
    const untilMs = performance.now() + SWAP_MS_MAX;
    this.#write(slot, await options.remaining());
    if (performance.now() > untilMs) throw new StoreUnavailable(`a swap of ${view} took too long`);
    const old = this.#kv.slotOf(view);
    const oldRows = old === undefined ? new Map() : this.#rowsOf(old);
    const difference = options.accept && differenceOf(oldRows, this.#rowsOf(slot));
    if (difference && options.accept?.(difference) === false) {
      return { isSwapped: false, difference };
    }
    this.#idle.delete(slot);
    if (old !== undefined) this.#idle.set(old, { view, state: 'retired' });
    this.#kv.useSlot(view, slot);
    return { isSwapped: true, difference };
  }

  #building(slot: number): { view: string } {
    const found = this.#idle.get(slot);
    if (found?.state !== 'building') throw new SlotUnknown(`slot ${slot} is not being built`);
    return found;
  }

  #write(slot: number, writes: readonly KvWrite[]): void {
    const { view } = this.#building(slot);
    for (const { partition } of writes) {
      assert(viewOf(partition) === view, `${partition} is not of the view ${view}`);
    }
    this.#kv.applyTo(slot, writes);
  }

  #rowsOf(slot: number): SlotRows {
    const isKnown = this.#idle.has(slot) || [...this.#kv.views.values()].includes(slot);
    if (!isKnown) throw new SlotUnknown(`no slot ${slot}`);
    return this.#kv.rowsOf(slot);
  }
}

function differenceOf(left: SlotRows, right: SlotRows): SlotDifference {
  const differing = [...new Set([...left.keys(), ...right.keys()])]
    .sort(compareUtf8)
    .flatMap((partition) =>
      differingIn(partition, left.get(partition) ?? [], right.get(partition) ?? []),
    );
  return { differingCount: differing.length, rows: differing.slice(0, DIFFERING_ROWS_MAX) };
}

function differingIn(
  partition: string,
  left: readonly KvRow[],
  right: readonly KvRow[],
): readonly DifferingRow[] {
  const differing: DifferingRow[] = [];
  for (const row of left) {
    const other = rowAt(right, row.key);
    if (other?.schema === row.schema && compareBytes(other.value, row.value) === 0) continue;
    differing.push({ partition, key: row.key, left: sideOf(row), right: sideOf(other) });
  }
  for (const row of right) {
    if (rowAt(left, row.key)) continue;
    differing.push({ partition, key: row.key, left: undefined, right: sideOf(row) });
  }
  return differing.sort((one, other) => compareBytes(one.key, other.key));
}

const sideOf = (row: KvRow | undefined): SlotRow | undefined =>
  row && { value: row.value, schema: row.schema };
