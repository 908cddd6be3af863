import { describe, expect, it } from '@jest/globals';
import { DomainError } from '../errors.js';
import { parseRef } from './parse-ref.js';

const asOf = (text: string) => parseRef(text).asOf;
const atMs = Date.UTC(2026, 10, 21, 18, 0, 0, 250);

describe('a ref as of a moment', () => {
  it.each([
    ['main@{2026-11-21T18:00:00.250Z}', { kind: 'time', atMs }],
    ['main@{2026-11-21T18:00:00.2509Z}', { kind: 'time', atMs }],
    ['main@{2026-11-21T20:00:00.250+02:00}', { kind: 'time', atMs }],
    ['main@{2026-11-21T18:00:00.250}', { kind: 'time', atMs }],
    ['main@%7B2026-11-21T18:00:00.250Z%7D', { kind: 'time', atMs }],
    ['main@%7br17%7d', { kind: 'revision', revision: 17 }],
    ['main@{p1234}', { kind: 'position', position: 1234 }],
    ['main@{r17}', { kind: 'revision', revision: 17 }],
    ['main@{2}', { kind: 'moves', count: 2 }],
    ['main.at.20261121T180000.250Z', { kind: 'time', atMs }],
    ['main.at.p1234', { kind: 'position', position: 1234 }],
    ['main.at.r17', { kind: 'revision', revision: 17 }],
    ['main.at.0', { kind: 'moves', count: 0 }],
  ])('says a time, a position, a revision or a number of moves: %s', (text, expected) => {
    expect(asOf(text)).toEqual(expected);
    expect(parseRef(text).base).toBe('main');
  });

  it('has the steps of any ref behind it', () => {
    expect(parseRef('main@{r17}~2^')).toEqual({
      base: 'main',
      asOf: { kind: 'revision', revision: 17 },
      modifiers: [
        { kind: 'ancestor', count: 2 },
        { kind: 'parent', number: 1 },
      ],
    });
    expect(parseRef('main@{r17}@').modifiers).toEqual([{ kind: 'committed' }]);
    expect(parseRef('v1.0.at.p3$')).toMatchObject({
      base: 'v1.0',
      plainName: 'v1.0.at.p3',
      modifiers: [{ kind: 'staged' }],
    });
  });

  it.each(['v1.at.noon', 'main.at.', '.at.p1', 'main.at.-1', 'main.at.2026-11-21T18:00:00Z'])(
    'is a name like any other when it says no moment without braces: %s',
    (text) => expect(parseRef(text)).toEqual({ base: text, modifiers: [] }),
  );

  it.each([
    ['main@{', 'ref_invalid'],
    ['main@{1', 'ref_invalid'],
    ['main@%7B1', 'ref_invalid'],
    ['main@%7C1%7D', 'ref_invalid'],
    ['@{1}', 'ref_invalid'],
    ['main@{1}@{2}', 'ref_invalid'],
    ['main@{1}x', 'ref_invalid'],
    ['main~1@{1}', 'ref_invalid'],
    ['main@{}', 'moment_invalid'],
    ['main@{-1}', 'moment_invalid'],
    ['main@{x17}', 'moment_invalid'],
    ['main@{yesterday}', 'moment_invalid'],
    ['main@{2026-11-21}', 'moment_invalid'],
    ['main@{2026-13-21T18:00:00Z}', 'moment_invalid'],
    [`main@{p${'9'.repeat(16)}}`, 'moment_invalid'],
  ])('is refused: %s', (text, code) => {
    expect(() => parseRef(text)).toThrow(DomainError);
    expect(() => parseRef(text)).toThrow(expect.objectContaining({ code }));
  });
});
