import type { KeySpan } from '../ports/committed-store.js';
import { compareBytes } from '../shared/bytes.js';
import type { RangeRecord } from './range-codec.js';
import { compareSlices, sliceOf, type Slice } from './slice.js';

/** Spans of keys, asked in ascending order of what is asked for. */
export class KeySpans {
  readonly #spans: readonly KeySpan[];
  #at = 0;

  /** @param spans  in any order; they may overlap */
  constructor(spans: readonly KeySpan[]) {
    this.#spans = joined(spans);
  }

  get isEmpty(): boolean {
    return this.#spans.length === 0;
  }

  /** Whether a key lies in a span. */
  has(key: Slice): boolean {
    const span = this.#reaching(key);
    return span !== undefined && compareSlices(sliceOf(span.from), key) <= 0;
  }

  /** Whether all keys that a range can have lie in one span. */
  covers({ minKey, maxKey }: RangeRecord): boolean {
    const span = this.#reaching(sliceOf(minKey));
    if (!span || compareBytes(span.from, minKey) > 0) return false;
    return !span.until || compareBytes(maxKey, span.until) < 0;
  }

  /** Whether a key that a range can have lies in a span. */
  touch({ minKey, maxKey }: RangeRecord): boolean {
    const span = this.#reaching(sliceOf(minKey));
    return span !== undefined && compareBytes(span.from, maxKey) <= 0;
  }

  /** Returns the first span that does not end before `key`. */
  #reaching(key: Slice): KeySpan | undefined {
    for (; this.#at < this.#spans.length; this.#at++) {
      const span = this.#spans[this.#at];
      if (!span?.until || compareSlices(key, sliceOf(span.until)) < 0) return span;
    }
    return undefined;
  }
}

function joined(spans: readonly KeySpan[]): KeySpan[] {
  const result: KeySpan[] = [];
  for (const span of spans.toSorted((a, b) => compareBytes(a.from, b.from))) {
    const { from, until } = span;
    if (until && compareBytes(from, until) >= 0) continue;
    const last = result.at(-1);
    if (!last || (last.until && compareBytes(last.until, from) < 0)) {
      result.push(span);
    } else if (last.until && (!until || compareBytes(last.until, until) < 0)) {
      result[result.length - 1] = until ? { from: last.from, until } : { from: last.from };
    }
  }
  return result;
}
