import { describe, expect, it } from '@jest/globals';
import { utf8 } from './bytes.js';
import { arrayLiteral } from './array-literal.js';

describe('an array as Postgres reads it', () => {
  it('has numbers, truths and nothing as they are', () => {
    expect(arrayLiteral([])).toBe('{}');
    expect(arrayLiteral([1, -2.5, true, false, null])).toBe('{1,-2.5,true,false,NULL}');
  });

  it('has texts in quotes, so that none is taken for anything else', () => {
    expect(arrayLiteral(['', 'NULL', 'a,b', '{}', ' '])).toBe('{"","NULL","a,b","{}"," "}');
  });

  it('escapes quotes and backslashes', () => {
    expect(arrayLiteral(['say "a\\b"'])).toBe(String.raw`{"say \"a\\b\""}`);
  });

  it('has bytes as digits, of a part of a buffer too', () => {
    const part = utf8('<ab>').subarray(1, 3);
    expect(arrayLiteral([part, new Uint8Array()])).toBe(String.raw`{"\\x6162","\\x"}`);
  });
});
