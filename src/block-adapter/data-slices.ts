import { XidSource, xidSeconds } from '../shared/xid.js';
import { assert } from '../shared/assert.js';

export const SLICE_MS_MAX = 60 * 60 * 1000;
export const SLICE_NAMES_MAX = 50_000;
/** Year 4000, in seconds: what is taken from it shrinks as time goes, so new slices sort first. */
const FAR_FUTURE_SECONDS = 64_060_588_800;

/**
 * Names objects `data/<slice>/<xid>`. A slice is an hour or 50,000 names of one process, the newest
 * first in a listing, so that a garbage collection can skip what is too young, slice by slice.
 *
 * Source: lakeFS `pkg/upload/path_provider.go`.
 */
export class DataSlices {
  readonly #xids: XidSource;
  #slice = '';
  #startedAtMs = 0;
  #namesCount = 0;

  /** @param random  8 random bytes, other ones in each process */
  constructor(
    private readonly clock: { nowMs(): number },
    random: Uint8Array,
  ) {
    this.#xids = new XidSource(random);
  }

  next(): string {
    const nowMs = this.clock.nowMs();
    const isOld = Math.abs(nowMs - this.#startedAtMs) >= SLICE_MS_MAX;
    if (this.#slice === '' || isOld || this.#namesCount >= SLICE_NAMES_MAX) {
      this.#slice = this.#xids.next(FAR_FUTURE_SECONDS - Math.floor(nowMs / 1000));
      this.#startedAtMs = nowMs;
      this.#namesCount = 0;
    }
    this.#namesCount++;
    return `data/${this.#slice}/${this.#xids.next(Math.floor(nowMs / 1000))}`;
  }
}

/** Returns when a slice was begun, in UTC milliseconds of a whole second. */
export function sliceStartedAtMs(slice: string): number | undefined {
  const left = xidSeconds(slice);
  if (left === undefined) return undefined;
  const farFuture = FAR_FUTURE_SECONDS % 2 ** 32;
  const seconds = (farFuture - left + 2 ** 32) % 2 ** 32;
  assert(Number.isSafeInteger(seconds), 'a slice has whole seconds');
  return seconds * 1000;
}
