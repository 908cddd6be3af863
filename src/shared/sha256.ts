// SHA-256 of a few hundred bytes, again and again. The platform's digest costs more to be called
// than so little costs to be hashed; for much at once it is the better one.
//
// Source: FIPS 180-4, section 6.2. The constants are fractional bits of roots of primes (4.2.2).

const ROUNDS = 64;
const BLOCK_BYTES = 64;
const LENGTH_BYTES = 8;

const primes = Array.from({ length: 312 }, (_, at) => at).filter(
  (n) => n > 1 && !Array.from({ length: n }, (_, at) => at).some((d) => d > 1 && n % d === 0),
);
/** The first 32 bits behind the point of a root of a prime, found in whole numbers. */
function rootBits(prime: number, degree: 2n | 3n): number {
  const scaled = BigInt(prime) << (32n * degree);
  let root = 0n;
  for (let bit = 1n << 40n; bit > 0n; bit >>= 1n) {
    if ((root + bit) ** degree <= scaled) root += bit;
  }
  return Number(BigInt.asIntN(32, root));
}
const K = Int32Array.from(primes.slice(0, ROUNDS), (prime) => rootBits(prime, 3n));
const FIRST = Int32Array.from(primes.slice(0, 8), (prime) => rootBits(prime, 2n));

const words = new Int32Array(ROUNDS);
const state = new Int32Array(8);
const tail = new Uint8Array(2 * BLOCK_BYTES);

/** Returns the 32 bytes of the digest of the first `length` bytes. */
export function sha256(bytes: Uint8Array, length: number): Uint8Array {
  state.set(FIRST);
  let at = 0;
  for (; at + BLOCK_BYTES <= length; at += BLOCK_BYTES) addBlock(bytes, at);
  const rest = length - at;
  tail.fill(0);
  for (let index = 0; index < rest; index++) tail[index] = bytes[at + index] ?? 0;
  tail[rest] = 0x80;
  const end = rest + 1 + LENGTH_BYTES > BLOCK_BYTES ? 2 * BLOCK_BYTES : BLOCK_BYTES;
  const high = Math.floor(length / 2 ** 29);
  for (let index = 0; index < 4; index++) {
    tail[end - 1 - index] = (length << 3) >>> (8 * index);
    tail[end - 5 - index] = high >>> (8 * index);
  }
  for (let block = 0; block < end; block += BLOCK_BYTES) addBlock(tail, block);
  return digest();
}

function digest(): Uint8Array {
  const bytes = new Uint8Array(32);
  for (let index = 0; index < 8; index++) {
    const word = state[index] ?? 0;
    bytes[4 * index] = word >>> 24;
    bytes[4 * index + 1] = word >>> 16;
    bytes[4 * index + 2] = word >>> 8;
    bytes[4 * index + 3] = word;
  }
  return bytes;
}

/** The names are the standard's. */
function addBlock(bytes: Uint8Array, start: number): void {
  const w = words;
  for (let t = 0, at = start; t < 16; t++, at += 4) {
    w[t] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }
  for (let t = 16; t < ROUNDS; t++) {
    const x = w[t - 15]!;
    const y = w[t - 2]!;
    const low = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const high = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[t] = (w[t - 16]! + low + w[t - 7]! + high) | 0;
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let t = 0; t < ROUNDS; t++) {
    const high = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const one = (h + high + (g ^ (e & (f ^ g))) + K[t]! + w[t]!) | 0;
    const low = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const two = (low + ((a & b) | (c & (a | b)))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  state[0] = state[0]! + a;
  state[1] = state[1]! + b;
  state[2] = state[2]! + c;
  state[3] = state[3]! + d;
  state[4] = state[4]! + e;
  state[5] = state[5]! + f;
  state[6] = state[6]! + g;
  state[7] = state[7]! + h;
}
