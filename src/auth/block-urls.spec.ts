import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { seed } from '../../test/support/seed.js';
import {
  addressOfPath,
  type AnswerFields,
  blockPath,
  BlockUrls,
  type PresentedUrl,
} from './block-urls.js';

const START_MS = Date.UTC(2026, 10, 21, 12, 0, 0);
const urlsAt = (nowMs: number, key = new Uint8Array(32).fill(3)) =>
  new BlockUrls({ key, ttlMs: 60_000, nowMs: () => nowMs });

/** Reads a URL as an edge does. */
function presented(url: string, method: PresentedUrl['method'] = 'GET'): PresentedUrl {
  const { pathname, searchParams } = new URL(url);
  const path = pathname.split('/').map(decodeURIComponent).join('/');
  return { method, path, text: (name) => searchParams.get(name) ?? undefined };
}

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => text.isWellFormed() && !/[/\\\0]/.test(text) && text !== '.' && text !== '..');
const text = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((each) => each.isWellFormed());
const answers: fc.Arbitrary<AnswerFields> = fc.record(
  {
    contentType: text,
    contentDisposition: text,
    checksum: text,
    modifiedAtMs: fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1000),
  },
  { requiredKeys: [] },
);

describe('a signed URL', () => {
  it(`says what was signed, whatever names and texts are in it (SEED=${seed})`, () =>
    fc.assert(
      fc.property(fc.array(name, { minLength: 2, maxLength: 5 }), answers, (names, answer) => {
        const address = `local://${names.join('/')}`;
        const { url, expiresAtMs } = urlsAt(START_MS + 999).sign('https://lake.example:8443', {
          method: 'GET',
          path: blockPath(address),
          answer,
        });
        expect(url.startsWith('https://lake.example:8443/_blocks/local/')).toBe(true);
        expect(expiresAtMs).toBe(START_MS + 60_000);
        const read = presented(url);
        expect(addressOfPath(read.path)).toBe(address);
        expect(urlsAt(expiresAtMs - 1).verify(read)).toEqual(answer);
        expect(() => urlsAt(expiresAtMs).verify(read)).toThrow('expired');
        expect(() => urlsAt(START_MS).verify({ ...read, method: 'PUT' })).toThrow('not valid');
        expect(() => urlsAt(START_MS, new Uint8Array(32)).verify(read)).toThrow('not valid');
      }),
      { seed, numRuns: 200 },
    ));

  it(`of one thing is never that of another (SEED=${seed})`, () =>
    fc.assert(
      fc.property(answers, answers, name, name, (one, other, first, second) => {
        const sign = (each: string, answer: AnswerFields) =>
          urlsAt(START_MS).sign('http://x', { method: 'GET', path: blockPath(each), answer }).url;
        const signatureOf = (url: string) => new URL(url).searchParams.get('signature');
        const a = sign(`local://${first}/x`, one);
        const b = sign(`local://${second}/x`, other);
        expect(signatureOf(a) === signatureOf(b)).toBe(a === b);
      }),
      { seed, numRuns: 200 },
    ));

  it('keeps an address whose first name is empty: a file of a whole path', () => {
    const address = 'local:///folder/file';
    expect(addressOfPath(blockPath(address))).toBe(address);
  });

  it.each(['/_blocks', '/_blocks/', '/_blocks/local', '/_blocks/LOCAL/x', '/other/local/x'])(
    'is none below %s',
    (path) => expect(() => addressOfPath(path)).toThrow('not valid'),
  );
});
