import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { seed } from '../../test/support/seed.js';
import { compareUtf8 } from './bytes.js';

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.string({
    unit: fc.constantFrom('a', 'b', 'ä', '\uffff', '\u{1f600}', '\ud83d'),
    maxLength: 5,
  }),
);

describe(`the order of texts (SEED=${seed})`, () => {
  it('is that of their bytes', () =>
    fc.assert(
      fc.property(texts, texts, (left, right) => {
        const wanted = Buffer.compare(Buffer.from(left), Buffer.from(right));
        expect(Math.sign(compareUtf8(left, right))).toBe(wanted);
      }),
      { seed, numRuns: 5_000 },
    ));

  it('is another one than that of their halves of pairs', () => {
    expect(compareUtf8('\uffff', '\u{1f600}')).toBeLessThan(0);
    expect(compareUtf8('a/b', 'a/b')).toBe(0);
    expect(compareUtf8('a', 'ab')).toBeLessThan(0);
  });
});
