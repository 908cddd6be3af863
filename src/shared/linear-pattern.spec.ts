import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seed } from '../../test/support/seed.js';
import { LinearPattern } from './linear-pattern.js';
import { PatternRefused } from './linear-pattern-parser.js';

const matches = (pattern: string, text: string) => new LinearPattern(pattern).matches(text);

/** Expressions of everything that is understood, and of few letters, so that some match. */
const patterns = fc.letrec<{ any: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('a', 'b', '.', '\\d', '[ab]', '[^a-c]', '\\x61', '^', '$', '\\b', '\\.', ''),
    tie('any').map((inner) => `(${inner})`),
    tie('any').map((inner) => `(?:${inner})`),
    tie('any').map((inner) => `(?=${inner})`),
    tie('any').map((inner) => `(?!${inner})`),
    fc
      .tuple(tie('any'), fc.constantFrom('*', '+', '?', '{2}', '{1,}', '{0,2}', '*?', '+?'))
      .map(([inner, times]) => `(?:${inner})${times}`),
  ),
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('atom'),
    fc.array(tie('atom'), { maxLength: 4 }).map((parts) => parts.join('')),
    fc.array(tie('any'), { minLength: 2, maxLength: 3 }).map((options) => options.join('|')),
  ),
})).any;
const texts = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.', '1', ' '), maxLength: 8 });

describe('a pattern', () => {
  it(`matches what RegExp says that it does (seed ${seed})`, () =>
    fc.assert(
      fc.property(patterns, fc.array(texts, { minLength: 1, maxLength: 8 }), (pattern, given) => {
        fc.pre(pattern.length < 60);
        const wanted = given.map((text) => new RegExp(pattern, 's').test(text));
        expect([pattern, ...given.map((text) => matches(pattern, text))]).toEqual([
          pattern,
          ...wanted,
        ]);
      }),
      { seed, numRuns: 1000 },
    ));

  it.each([
    ['^[^\\$].*', 'orders-1', true],
    ['^[^\\$].*', '$metadata', false],
    ['^(?!(\\$.+|PersistentConfig\\d+|Result)$).*', '$stats', false],
    ['^(?!(\\$.+|PersistentConfig\\d+|Result)$).*', 'PersistentConfig1', false],
    ['^(?!(\\$.+|PersistentConfig\\d+|Result)$).*', 'Resulting', true],
    ['^(order|tax)-', 'tax-7', true],
    ['\\u00e9\\t[\\]\\-]', 'é\t-', true],
  ])('that clients send: %s over %s', (pattern, text, wanted) => {
    expect(matches(pattern, text)).toBe(wanted);
  });

  it.each([
    '(a',
    'a)',
    '[a',
    'a**',
    '*',
    '\\1',
    '(?<=a)b',
    '(?i)a',
    '\\p{L}',
    'a{3,2}',
    '\\',
    '^*',
  ])('is refused when it is none, or none that takes linear time: %s', (pattern) => {
    expect(() => new LinearPattern(pattern)).toThrow(PatternRefused);
  });

  it.each(['(a*)*b', '(a|aa)+$', '(.*a){12}b', '(?=(a+)+b)a', '^(([a-z])+.)+[A-Z]([a-z])+$'])(
    'takes a time in proportion to the text, whatever it is: %s',
    (pattern) => {
      const one = new LinearPattern(pattern);
      const startedAt = process.cpuUsage();
      expect(one.matches('a'.repeat(2000) + '!')).toBe(false);
      const { user, system } = process.cpuUsage(startedAt);
      expect((user + system) / 1000).toBeLessThan(1000);
    },
  );

  it('is refused when it would be too large', () => {
    expect(() => new LinearPattern('((a{50}){50}){50}')).toThrow('too large');
    expect(() => new LinearPattern('a'.repeat(1025))).toThrow('characters');
    expect(() => new LinearPattern('('.repeat(60) + ')'.repeat(60))).toThrow('nested');
  });
});
