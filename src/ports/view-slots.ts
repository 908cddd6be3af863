import type { KvWrite } from './kv-store.js';

/**
 * A place where the rows of one view stand. Readers and appends go to the one in use; another is
 * filled beside it and then takes its place.
 */
export interface ViewSlot {
  readonly slot: number;
  readonly view: string;
  /** Of the projection that writes it; 0 when an append was first, and nobody has said. */
  readonly version: number;
  /** `retired`: was in use once; kept until `drop`. */
  readonly state: 'active' | 'building' | 'retired';
}

export interface SlotRow {
  readonly value: Uint8Array;
  readonly schema: number;
}

/** A key whose rows differ; undefined where a side has none. */
export interface DifferingRow {
  readonly partition: string;
  readonly key: Uint8Array;
  readonly left: SlotRow | undefined;
  readonly right: SlotRow | undefined;
}

export interface SlotDifference {
  readonly differingCount: number;
  /** The first of them, by partition and key, at most {@link DIFFERING_ROWS_MAX}. */
  readonly rows: readonly DifferingRow[];
}

export interface SlotDigest {
  /** 64 lower-case hex digits, over partition, key, schema version and value of every row. */
  readonly sha256: string;
  readonly rowCount: number;
}

export interface SwapOptions {
  /**
   * Returns what the slot does not hold yet of the log's events. Called once, while every append
   * waits: it must not append.
   */
  readonly remaining: () => Promise<readonly KvWrite[]>;
  /** Given, the two slots are compared first, and its answer decides. */
  readonly accept?: (difference: SlotDifference) => boolean;
}

export interface SwapOutcome {
  readonly isSwapped: boolean;
  /** Left: the slot in use until now; right: the new one. Undefined when nobody asked. */
  readonly difference: SlotDifference | undefined;
}

/**
 * Builds views anew beside the ones in use. A swap by one process is safe at any moment for the
 * reads and appends of every other: each statement looks up the slot in use by itself.
 *
 * @throws SlotUnknown  a slot that is not there, or is not in the state the call needs
 */
export abstract class ViewSlots {
  /** Returns every slot of every view, by its number. */
  abstract list(): Promise<readonly ViewSlot[]>;

  /**
   * Sees to it that a view has a slot in use: an empty one for this version when it has none, and
   * when the log has made one by itself (version 0), that one gets this version. A slot of another
   * version stays as it is.
   */
  abstract declare(view: string, version: number): Promise<void>;

  /** Returns a new, empty slot to build a view in. */
  abstract begin(view: string, version: number): Promise<number>;

  /** Writes into a slot that is being built, in order; the last write of a key wins. */
  abstract write(slot: number, writes: readonly KvWrite[]): Promise<void>;

  /** Compares two slots byte for byte, schema versions included, row versions left out. */
  abstract compare(left: number, right: number): Promise<SlotDifference>;

  abstract digest(slot: number): Promise<SlotDigest>;

  /**
   * Lets a built slot take the place of the one in use, while every append waits.
   *
   * @throws StoreUnavailable  it took longer than {@link SWAP_MS_MAX}; drop the slot, begin again
   */
  abstract swap(slot: number, options: SwapOptions): Promise<SwapOutcome>;

  /** Deletes a slot that is not in use, in slices, so that nobody waits for it. */
  abstract drop(slot: number): Promise<void>;
}

export const DIFFERING_ROWS_MAX = 100;
/** How long appends may wait for a swap; after that it is given up, and nothing is changed. */
export const SWAP_MS_MAX = 8_000;
