import { describe, expect, it } from '@jest/globals';
import {
  branchId,
  objectPath,
  pageRequest,
  refText,
  repositoryId,
  storageNamespace,
  tagId,
  timeMs,
  userId,
} from './parse.js';
import { Query } from './query.js';

describe('names', () => {
  it.each(['abc', '0-lake', 'a'.repeat(63)])('%s is a repository', (name) =>
    expect(repositoryId(name)).toBe(name),
  );
  it.each(['ab', '-abc', 'Abc', 'a_b', 'a.bc', 'a'.repeat(64), 'abc\n', ''])(
    '%j is no repository',
    (name) => expect(() => repositoryId(name, 'name')).toThrow(/^name: /),
  );

  it.each(['main', '_x', 'A-b-1', 'b'.repeat(1024)])('%s is a branch', (name) =>
    expect(branchId(name)).toBe(name),
  );
  it.each(['-x', 'a.b', 'a/b', 'é', '', 'x ', 'b'.repeat(1025)])('%j is no branch', (name) =>
    expect(() => branchId(name)).toThrow(/^branch: /),
  );

  it.each(['v1.0', '~old', 'a@b', 'é', 'x.lock.y', '-x'])('%s is a tag', (name) =>
    expect(tagId(name)).toBe(name),
  );
  it.each(['', '@', 'a.', 'a.lock', 'a..b', 'a/b', 'a@{b', 'a^', 'a:b', 'a?', 'a*', 'a[', 'a\\'])(
    '%j is no tag',
    (name) => expect(() => tagId(name)).toThrow(/^tag: /),
  );
  it.each(['a b', 'a\tb', 'a\0', '\u{d800}'])('%j is no tag either', (name) =>
    expect(() => tagId(name)).toThrow(/^tag: /),
  );

  it.each(['main', 'main~2^1', 'main@', 'main$', 'é', 'x'.repeat(1024)])('%s is a ref', (text) =>
    expect(refText(text)).toBe(text),
  );
  it.each(['', 'a b', 'a\n', 'a\0', '\u{dfff}', 'x'.repeat(2049)])('%j is no ref', (text) =>
    expect(() => refText(text)).toThrow(/^ref: /),
  );

  it.each(['ada', 'ada@example.org', 'Ada L.'])('%s is a user', (name) =>
    expect(userId(name)).toBe(name),
  );
  it.each(['', '  ', 'a/b', 'a%b', 'a\nb'])('%j is no user', (name) =>
    expect(() => userId(name)).toThrow(/^username: /),
  );
});

describe('an object path', () => {
  it.each(['a', ' ', '/', '..', 'é'.repeat(512), 'a'.repeat(1024), '🌊'.repeat(256)])(
    '%s',
    (path) => expect(objectPath(path)).toBe(path),
  );
  it.each(['', 'a\0b', '\u{d800}', 'é'.repeat(513), 'a'.repeat(1025), '🌊'.repeat(257)])(
    '%j is none',
    (path) => expect(() => objectPath(path)).toThrow(/^path: /),
  );
});

describe('a storage namespace', () => {
  it('loses the slashes at its end', () => {
    expect(storageNamespace('local://lake///')).toBe('local://lake');
    expect(storageNamespace('s3://bucket/x/')).toBe('s3://bucket/x');
  });
  it.each(['', 'lake', 'ftp://x', 'local://', 'local://a b', 'LOCAL://x'])('%j is none', (text) =>
    expect(() => storageNamespace(text)).toThrow(/^storage_namespace: /),
  );
});

const page = (query: string) => pageRequest(new Query(`/x?${query}`));

describe('a page', () => {
  it('is 100 from the beginning untold, and for 0 and -1', () => {
    for (const query of ['', 'amount=0', 'amount=-1']) {
      expect(page(query)).toEqual({ after: '', amount: 100 });
    }
  });
  it('is what was asked for, up to 1000', () =>
    expect(page('amount=1000&after=a%20b')).toEqual({ after: 'a b', amount: 1000 }));
  it.each(['amount=1001', 'amount=-2', 'amount=x', 'amount=', 'amount=1.5', 'amount=1&amount=2'])(
    'is refused for %s',
    (query) => expect(() => page(query)).toThrow(/^amount: /),
  );
});

describe('a query', () => {
  it.each(['true', '1', 't', 'TRUE'])('%s is yes', (text) =>
    expect(new Query(`/?f=${text}`).flag('f')).toBe(true),
  );
  it.each(['false', '0', 'F'])('%s is no', (text) =>
    expect(new Query(`/?f=${text}`).flag('f', true)).toBe(false),
  );
  it.each(['yes', '', 'tRUE'])('%j is neither', (text) =>
    expect(() => new Query(`/?f=${text}`).flag('f')).toThrow(/^f: /),
  );
  it('is asked by names that may be escaped themselves', () =>
    expect(new Query('/?%70ath=x').required('path')).toBe('x'));
  it('has nothing that was not asked', () => {
    const query = new Query('/x');
    expect([query.text('path'), query.flag('f'), query.has('f')]).toEqual([
      undefined,
      false,
      false,
    ]);
    expect(() => query.required('path')).toThrow('path: value is required but missing');
  });
});

describe('a time', () => {
  it('is RFC 3339, in UTC without a zone', () => {
    expect(timeMs('2023-11-14T22:13:20Z', 'since')).toBe(1_700_000_000_000);
    expect(timeMs('2023-11-14T22:13:20', 'since')).toBe(1_700_000_000_000);
    expect(timeMs('2023-11-14T23:13:20.5+01:00', 'since')).toBe(1_700_000_000_500);
  });
  it.each(['', 'yesterday', '2023-11-14', '2023-13-14T00:00:00Z'])('%j is none', (text) =>
    expect(() => timeMs(text, 'since')).toThrow(/^since: /),
  );
});
