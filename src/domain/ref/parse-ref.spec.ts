import { describe, expect, it } from '@jest/globals';
import { DomainError } from '../errors.js';
import { isCommitId, isCommitPrefix, parseRef } from './parse-ref.js';

const ancestor = (count: number) => ({ kind: 'ancestor', count });
const parent = (number: number) => ({ kind: 'parent', number });

describe('a ref', () => {
  it.each([
    ['main', []],
    ['v1.0', []],
    ['main~', [ancestor(1)]],
    ['main~0', [ancestor(0)]],
    ['main~12', [ancestor(12)]],
    ['main^', [parent(1)]],
    ['main^0', [parent(0)]],
    ['main^2', [parent(2)]],
    ['main~2^1~', [ancestor(2), parent(1), ancestor(1)]],
    ['main^^', [parent(1), parent(1)]],
    ['main@', [{ kind: 'committed' }]],
    ['main$', [{ kind: 'staged' }]],
  ])('is a base and its steps, from left to right: %s', (text, modifiers) => {
    expect(parseRef(text)).toEqual({ base: text.split(/[~^@$]/)[0], modifiers });
  });

  it.each([
    '',
    '~1',
    '@',
    '$',
    'ma in',
    'main ',
    'main~1x',
    'main^a',
    'main@1',
    'main@@',
    'main@~1',
    'main~1@',
    'main$^',
    `main~${'9'.repeat(20)}`,
    `main${'^'.repeat(101)}`,
  ])('is none: %j', (text) => {
    expect(() => parseRef(text)).toThrow(DomainError);
    expect(() => parseRef(text)).toThrow(expect.objectContaining({ code: 'ref_invalid' }));
  });

  it('may have a hundred steps', () =>
    expect(parseRef(`main${'^'.repeat(100)}`).modifiers).toHaveLength(100));
});

describe('a base', () => {
  it('is a whole commit id, or may be the beginning of one', () => {
    const id = '0123456789abcdef'.repeat(4);
    expect([id, id.slice(1), `${id}0`, id.toUpperCase()].map(isCommitId)).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect([id, 'a', '', `${id}0`, 'g', 'A'].map(isCommitPrefix)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
