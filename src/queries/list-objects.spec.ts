import { describe, expect, it } from '@jest/globals';
import { spanOf } from './list-objects.js';

/** The first key that a page behind `after` may hold, with the slash as delimiter. */
const from = (after: string, prefix = '', delimiter = '/') =>
  Buffer.from(spanOf({ after, amount: 10 }, { prefix, delimiter }).from).toString('utf8');

describe('a page of a listing with a delimiter', () => {
  it('begins behind an object', () => expect(from('a')).toBe('a\0'));

  it('begins behind all of a group', () => expect(from('a/')).toBe('a0'));

  it('begins inside of a group that was not listed itself, so that it still is', () => {
    expect(from('a/b')).toBe('a/b');
    expect(from('a/b/')).toBe('a/b/');
  });

  it('looks for groups behind the prefix alone', () => {
    expect(from('a/b', 'a/')).toBe('a/b\0');
    expect(from('a/b/', 'a/')).toBe('a/b0');
    expect(from('a/', 'a/')).toBe('a/\0');
  });

  it('begins at the prefix, when that lies behind', () => expect(from('a/b', 'b')).toBe('b'));

  it('may have a delimiter of several characters', () => {
    expect(from('a--', '', '--')).toBe('a-.');
    expect(from('a--b', '', '--')).toBe('a--b');
  });
});

describe('a page of a listing without a delimiter', () => {
  it('begins behind a key, whatever it looks like', () => expect(from('a/', '', '')).toBe('a/\0'));
});
