import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { seed } from '../../test/support/seed.js';
import { sha256 } from './sha256.js';

const wanted = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const found = (bytes: Uint8Array, length = bytes.length) =>
  Buffer.from(sha256(bytes, length)).toString('hex');

describe(`SHA-256 of little (SEED=${seed})`, () => {
  it('is the platform’s at every length around its blocks', () => {
    for (let length = 0; length <= 300; length++) {
      const bytes = Uint8Array.from({ length }, (_, at) => at * 7 + length);
      expect([length, found(bytes)]).toEqual([length, wanted(bytes)]);
    }
  });

  it('is the platform’s whatever the bytes', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5_000 }), (bytes) => {
        expect(found(bytes)).toBe(wanted(bytes));
      }),
      { seed, numRuns: 500 },
    ));

  it('is of as many bytes as it is told', () => {
    const bytes = Uint8Array.from({ length: 200 }, (_, at) => at);
    expect(found(bytes, 100)).toBe(wanted(bytes.subarray(0, 100)));
  });
});
