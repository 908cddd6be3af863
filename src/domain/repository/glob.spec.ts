import { describe, expect, it } from '@jest/globals';
import { compileGlob, GlobError } from './glob.js';

const matches = (pattern: string, ...texts: string[]) =>
  texts.map((text) => compileGlob(pattern).matches(text));

describe('a pattern of branch names', () => {
  it.each([
    ['main', ['main'], ['main2', 'mai', 'Main', '']],
    ['*', ['main', 'a', ''], []],
    ['rel-*', ['rel-', 'rel-1', 'rel-a-b'], ['rel', 'xrel-1']],
    ['*-rel', ['-rel', 'a-rel', 'a-rel-rel'], ['a-rel-']],
    ['a**b', ['ab', 'axxb'], ['a', 'abc']],
    ['v?', ['v1', 'vx'], ['v', 'v12']],
    ['[abc]1', ['a1', 'c1'], ['d1', '1']],
    ['[a-c]*', ['a', 'cx'], ['d', '-']],
    ['[!a-c]*', ['d', '-x'], ['a', '']],
    ['[a-]x', ['ax', '-x'], ['bx']],
    ['{main,rel-*}', ['main', 'rel-1'], ['dev', 'main1']],
    ['{a,b{c,d}}x', ['ax', 'bcx', 'bdx'], ['bx', 'abx']],
    ['a{,b}', ['a', 'ab'], ['b']],
    [String.raw`\*a`, ['*a'], ['a', 'ba']],
    ['a}b,c', ['a}b,c'], ['ab']],
  ])('%s means what it says', (pattern, yes, no) => {
    expect(matches(pattern, ...yes)).toEqual(yes.map(() => true));
    expect(matches(pattern, ...no)).toEqual(no.map(() => false));
  });

  it.each(['', '[a', '[]', '[!]', '{a', '{a,', '\\', '[b-a]', '{'.repeat(40)])(
    'is refused that cannot be meant: %j',
    (pattern) => expect(() => compileGlob(pattern)).toThrow(GlobError),
  );

  it('costs no more for being looked at from every side', () => {
    const pattern = `${'*a'.repeat(200)}b`;
    const began = process.cpuUsage().user;
    expect(matches(pattern, 'a'.repeat(1000))).toEqual([false]);
    expect(process.cpuUsage().user - began).toBeLessThan(2_000_000);
  });
});
