/** The order of keys everywhere: unsigned bytes, a prefix before what it begins. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  return Buffer.compare(left, right);
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Returns the UTF-8 bytes of `text`. */
export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** @throws TypeError  `bytes` are not valid UTF-8 */
export const fromUtf8 = (bytes: Uint8Array): string => decoder.decode(bytes);

/** Orders two texts by their UTF-8 bytes; UTF-16 order (`<`) is another one. */
export function compareUtf8(left: string, right: string): number {
  const shared = Math.min(left.length, right.length);
  for (let at = 0; at < shared; at++) {
    const [a, b] = [left.charCodeAt(at), right.charCodeAt(at)];
    if (a === b) continue;
    // Only halves of pairs are in another order than their bytes.
    if (isHalf(a) || isHalf(b)) return Buffer.compare(Buffer.from(left), Buffer.from(right));
    return a - b;
  }
  return left.length - right.length;
}

const isHalf = (unit: number): boolean => (unit & 0xf800) === 0xd800;

/**
 * Returns the first key after every key that begins with `prefix`, or undefined when there is
 * none: an empty prefix, or one of 0xff alone.
 */
export function afterPrefix(prefix: Uint8Array): Uint8Array | undefined {
  for (let at = prefix.length - 1; at >= 0; at--) {
    const byte = prefix[at];
    if (byte !== undefined && byte < 0xff) {
      // A Buffer's `slice` would be a view, and the prefix of the caller's would change.
      const end = Uint8Array.from(prefix.subarray(0, at + 1));
      end[at] = byte + 1;
      return end;
    }
  }
  return undefined;
}

/** Returns the smallest key greater than `key`. */
export function justAfter(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

/** Returns bytes as a text of one character each: texts are the same, and compare, as bytes do. */
export function byteText({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}
