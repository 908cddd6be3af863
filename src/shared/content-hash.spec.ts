import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ContentHash } from './content-hash.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('a content hash', () => {
  it('encodes each kind by its tag, with lengths as int64', () => {
    const encoded = (add: (hash: ContentHash) => ContentHash) =>
      hex(add(new ContentHash()).encoded());
    const one = '02080000000000000001';
    const two = '02080000000000000002';
    expect(encoded((hash) => hash.bytes(Uint8Array.of(7)))).toBe(`00${one}07`);
    expect(encoded((hash) => hash.text('ä'))).toBe(`01${two}c3a4`);
    expect(encoded((hash) => hash.texts(['a']))).toBe(`03${one}01${one}61`);
    expect(encoded((hash) => hash.textMap([['a', 'b']]))).toBe(`04${one}01${one}6101${one}62`);
    expect(encoded((hash) => hash.embedded(Uint8Array.of(7)))).toBe(`0500${one}07`);
  });

  it.each([
    [0, '0000000000000000'],
    [-1, 'ffffffffffffffff'],
    [2 ** 32 + 5, '0000000100000005'],
    [-(2 ** 40), 'ffffff0000000000'],
    [Number.MAX_SAFE_INTEGER, '001fffffffffffff'],
  ])('writes %d as 64 bits, big-endian', (value, bytes) => {
    expect(hex(new ContentHash().int64(value).encoded())).toBe(`0208${bytes}`);
  });

  it('orders a map by the bytes of its keys', () => {
    const map = (keys: string[]) => new ContentHash().textMap(keys.map((key) => [key, ''])).hex();
    expect(map(['\u{10000}', '\uffff'])).toBe(map(['\uffff', '\u{10000}']));
  });

  it('is the one that lakeFS makes', () => {
    const { ident } = JSON.parse(readFileSync('test/golden/vectors.json', 'utf8')) as {
      ident: { [of: string]: string };
    };
    expect(new ContentHash().textMap([['type', 'ranges']]).hex()).toBe(
      ident['sha256(StringMap{type:ranges})'],
    );
  });
});
