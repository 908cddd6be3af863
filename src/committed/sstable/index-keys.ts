/** Sequence 0, kind SET: the trailer of every record. */
export const SET_TRAILER = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);
/** The trailer of an index key that is not a record's own. */
const SEPARATOR_TRAILER = Uint8Array.of(0x11, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
/** Sequence 0, kind "invalid": the index key of the one block of an empty table. */
export const EMPTY_TRAILER = Uint8Array.of(0xff, 0, 0, 0, 0, 0, 0, 0);

export interface IndexKey {
  readonly userKey: Uint8Array;
  readonly trailer: Uint8Array;
}

/** Returns a short key between a block's last key (inclusive) and the next one's first. */
export function separatorOf(last: Uint8Array, next: Uint8Array): IndexKey {
  return chosen(last, separatorLength(last, next));
}

/** Returns a short key at or after the last key of all. */
export function successorOf(last: Uint8Array): IndexKey {
  return chosen(last, cutAfter(last, 0));
}

// A length of n means: the first n bytes, the last of them plus one. 0: no shorter key is there.
function chosen(last: Uint8Array, length: number): IndexKey {
  if (length === 0) return { userKey: last, trailer: SET_TRAILER };
  const userKey = new Uint8Array(last.subarray(0, length));
  userKey[length - 1] = (userKey[length - 1] ?? 0) + 1;
  return { userKey, trailer: SEPARATOR_TRAILER };
}

function separatorLength(last: Uint8Array, next: Uint8Array): number {
  const limit = Math.min(last.length, next.length);
  let at = 0;
  while (at < limit && last[at] === next[at]) at++;
  if (at >= limit) return 0;
  const here = last[at] ?? 0;
  const there = next[at] ?? 0;
  if (here >= there) return 0;
  if (at < next.length - 1 || here + 1 < there) return at + 1;
  return cutAfter(last, at + 1);
}

function cutAfter(key: Uint8Array, from: number): number {
  for (let at = from; at < key.length; at++) if (key[at] !== 0xff) return at + 1;
  return 0;
}
