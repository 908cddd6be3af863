import { describe, expect, it } from '@jest/globals';
import { entry } from '../../test/support/samples/staging.samples.js';
import { isSameObject } from './entry-identity.js';
import type { Metadata } from './model.js';

describe('two entries', () => {
  it.each([{ address: 'data/elsewhere' }, { addressType: 'full' as const }, { modifiedAtMs: 1 }])(
    'are the same object, wherever its bytes are and whenever they came: %j',
    (change) => {
      expect(isSameObject(entry, { ...entry, ...change })).toBe(true);
    },
  );

  it.each([{ sizeBytes: 2 }, { checksum: 'another' }, { contentType: 'text/html' }])(
    'are two objects: %j',
    (change) => expect(isSameObject(entry, { ...entry, ...change })).toBe(false),
  );

  it.each<[string, Metadata, Metadata, boolean]>([
    ['none', [], [], true],
    [
      'in another order',
      [
        ['a', '1'],
        ['b', '2'],
      ],
      [
        ['b', '2'],
        ['a', '1'],
      ],
      true,
    ],
    ['another value', [['a', '1']], [['a', '2']], false],
    ['another key', [['a', '1']], [['b', '1']], false],
    [
      'one more',
      [['a', '1']],
      [
        ['a', '1'],
        ['b', '2'],
      ],
      false,
    ],
    ['__proto__', [['__proto__', '1']], [['__proto__', '1']], true],
    ['__proto__ of another value', [['__proto__', '1']], [['__proto__', '2']], false],
    ['a key that every object has', [['constructor', '1']], [['toString', '1']], false],
  ])('compare by their metadata: %s', (_, left, right, isSame) => {
    expect(isSameObject({ ...entry, metadata: left }, { ...entry, metadata: right })).toBe(isSame);
    expect(isSameObject({ ...entry, metadata: right }, { ...entry, metadata: left })).toBe(isSame);
  });
});
