import { describe, expect, it } from '@jest/globals';
import { metadataJson, metadataOf, metadataOfHeaders } from './metadata.js';

const odd = ['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty', '', 'é', '🌊'];

describe("the user's metadata", () => {
  it('keeps every key, whatever it is called', () => {
    const text = `{${odd.map((key) => `${JSON.stringify(key)}:"v"`).join(',')}}`;
    const metadata = metadataOf(JSON.parse(text), 'metadata');
    expect(new Set(metadata.map(([key]) => key))).toEqual(new Set(odd));
    const back: unknown = JSON.parse(JSON.stringify(metadataJson(metadata)));
    expect(Object.entries(back as object)).toHaveLength(odd.length);
    expect(Object.getOwnPropertyDescriptor(back, '__proto__')?.value).toBe('v');
  });

  it('is sorted by the bytes of its keys', () => {
    const metadata = metadataOf({ b: '1', '\u{ffff}': '2', '\u{10000}': '3', a: '4' }, 'metadata');
    expect(metadata.map(([key]) => key)).toEqual(['a', 'b', '\u{ffff}', '\u{10000}']);
  });

  it('may be left out', () => {
    expect(metadataOf(undefined, 'metadata')).toEqual([]);
    expect(metadataOf(null, 'metadata')).toEqual([]);
  });

  it.each([
    [{ a: 5 }, 'metadata.a: must be a string'],
    [{ a: null }, 'metadata.a: must be a string'],
    [{ a: ['x'] }, 'metadata.a: must be a string'],
    [{ a: '\u{d800}' }, 'metadata.a: is not valid Unicode'],
    [['x'], 'metadata: must be an object'],
    ['x', 'metadata: must be an object'],
  ])('%j is refused: %s', (value, message) =>
    expect(() => metadataOf(value, 'metadata')).toThrow(message),
  );
});

describe('metadata in headers', () => {
  it('is what stands behind the two prefixes, in lower case', () =>
    expect(
      metadataOfHeaders([
        'Host',
        'x',
        'X-Lakefs-Meta-Kai',
        'a',
        'x-lakefs-internal-Client-Mtime',
        'b',
        'x-lakefs-meta-__proto__',
        'c',
        'X-Other',
        'd',
        'x-lakefs-meta-kai',
        'second',
      ]),
    ).toEqual([
      ['::lakefs::client-mtime', 'b'],
      ['__proto__', 'c'],
      ['kai', 'a'],
    ]));

  it('is UTF-8 where it can be, else one byte a letter', () => {
    const sent = Buffer.from('é').toString('latin1');
    expect(metadataOfHeaders(['x-lakefs-meta-a', sent])).toEqual([['a', 'é']]);
    expect(metadataOfHeaders(['x-lakefs-meta-a', '\u00e9'])).toEqual([['a', 'é']]);
  });
});
