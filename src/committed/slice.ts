/** A part of a buffer, without a copy and without a view object. Reused by whoever fills it. */
export interface Slice {
  bytes: Uint8Array;
  start: number;
  end: number;
}

export const sliceOf = (bytes: Uint8Array): Slice => ({ bytes, start: 0, end: bytes.length });

/** Returns a view of the part; it lives as long as the part's buffer stays as it is. */
export const viewOf = (slice: Slice): Uint8Array => slice.bytes.subarray(slice.start, slice.end);

/** Returns a copy that nobody else changes. (`slice` of a Buffer would be a view.) */
export const copyOf = (slice: Slice): Uint8Array =>
  new Uint8Array(slice.bytes.subarray(slice.start, slice.end));

/** Orders as `compareBytes` does. */
export function compareSlices(left: Slice, right: Slice): number {
  const leftLength = left.end - left.start;
  const rightLength = right.end - right.start;
  const shared = leftLength < rightLength ? leftLength : rightLength;
  for (let at = 0; at < shared; at++) {
    const difference = (left.bytes[left.start + at] ?? 0) - (right.bytes[right.start + at] ?? 0);
    if (difference !== 0) return difference;
  }
  return leftLength - rightLength;
}

// Below this many bytes a loop is quicker than a call.
const LOOP_BYTES_MAX = 32;
// Unlike `set` it needs no view of the part, which would be garbage for each record.
const copyBytes = Buffer.prototype.copy;

/** Copies a part to `at`; the target must have the room. */
export function copySlice(target: Uint8Array, at: number, { bytes, start, end }: Slice): void {
  if (end - start > LOOP_BYTES_MAX) {
    copyBytes.call(bytes, target, at, start, end);
    return;
  }
  for (let from = start, to = at; from < end; from++, to++) target[to] = bytes[from] ?? 0;
}
