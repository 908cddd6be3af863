import {
  ViewSlots,
  type SlotDifference,
  type SlotDigest,
  type SwapOptions,
  type SwapOutcome,
  type ViewSlot,
} from '../ports/view-slots.js';
import type { KvWrite } from '../ports/kv-store.js';

/** Runs work while the views stay where they are, and the log is shown as far as they have come. */
export type HoldViews = <Result>(work: () => Promise<Result>) => Promise<Result>;

/**
 * Slots of views that follow a log which stands elsewhere: appends go on while one takes another's
 * place, so what the new one still lacks ends where the views are, and not where the log does.
 */
export class FollowedViewSlots extends ViewSlots {
  constructor(
    private readonly slots: ViewSlots,
    private readonly hold: HoldViews,
  ) {
    super();
  }

  list(): Promise<readonly ViewSlot[]> {
    return this.slots.list();
  }

  declare(view: string, version: number): Promise<void> {
    return this.slots.declare(view, version);
  }

  begin(view: string, version: number): Promise<number> {
    return this.slots.begin(view, version);
  }

  write(slot: number, writes: readonly KvWrite[]): Promise<void> {
    return this.slots.write(slot, writes);
  }

  compare(left: number, right: number): Promise<SlotDifference> {
    return this.slots.compare(left, right);
  }

  digest(slot: number): Promise<SlotDigest> {
    return this.slots.digest(slot);
  }

  swap(slot: number, options: SwapOptions): Promise<SwapOutcome> {
    const remaining = () => this.hold(options.remaining);
    return this.slots.swap(slot, { ...options, remaining });
  }

  drop(slot: number): Promise<void> {
    return this.slots.drop(slot);
  }
}
