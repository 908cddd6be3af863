import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodePathText, decodeQueryText } from './percent.js';

const seed = Number(process.env['SEED'] ?? 20261121);

describe('text in a URL', () => {
  it.each([
    ['a%2Fb', 'a/b'],
    ['a+b', 'a b'],
    ['a%2Bb', 'a+b'],
    ['%C3%A9', 'é'],
    ['%e2%82%ac', '€'],
    ['%F0%9F%8C%8A', '🌊'],
    ['%2525', '%25'],
    ['~^@$', '~^@$'],
    ['', ''],
  ])('%s in a query is %s', (raw, text) => expect(decodeQueryText(raw, 'path')).toBe(text));

  it('has its plus as a plus in a path', () => expect(decodePathText('a+b', 'ref')).toBe('a+b'));

  it('may come as bytes that are not escaped', () =>
    expect(decodeQueryText(Buffer.from('é€').toString('latin1'), 'path')).toBe('é€'));

  it.each([
    ['%FF%FE', 'path: is not valid UTF-8: %FF%FE'],
    ['ok%ED%A0%80', 'path: is not valid UTF-8: %ED%A0%80'],
    ['%C0%AF', 'path: is not valid UTF-8: %C0%AF'],
    ['%ZZ', "path: '%ZZ' is no escape of a byte"],
    ['a%', "path: '%' is no escape of a byte"],
    ['a%4', "path: '%4' is no escape of a byte"],
    ['a%00b', 'path: holds %00'],
  ])('%s is refused: %s', (raw, message) => {
    expect(() => decodeQueryText(raw, 'path')).toThrow(message);
    expect(() => decodePathText(raw, 'path')).toThrow(message);
  });

  it(`is any text after encodeURIComponent (SEED=${seed})`, () =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        fc.pre(text.isWellFormed() && !text.includes('\0'));
        expect(decodeQueryText(encodeURIComponent(text), 'path')).toBe(text);
        expect(decodeQueryText(new URLSearchParams({ p: text }).toString().slice(2), 'p')).toBe(
          text,
        );
        expect(decodePathText(encodeURIComponent(text), 'ref')).toBe(text);
      }),
      { seed, numRuns: 2000 },
    ));
});
