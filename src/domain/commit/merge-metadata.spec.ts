import { describe, expect, it } from '@jest/globals';
import type { CommitId } from '../model.js';
import { withOrigin, withStrategy } from './merge-metadata.js';

const id = 'c'.repeat(64) as CommitId;

describe('metadata of a commit that stands on others', () => {
  it('says how conflicts were treated, whatever the user says of it', () => {
    const mine = [
      ['.lakefs.merge.strategy', 'mine'],
      ['a', '1'],
    ] as const;
    expect(withStrategy(mine, 'dest-wins')).toEqual([
      ['a', '1'],
      ['.lakefs.merge.strategy', 'dest-wins'],
    ]);
    expect(withStrategy([], 'default')).toEqual([['.lakefs.merge.strategy', 'default']]);
  });

  it('says what was picked, of the last of several picks', () => {
    const first = withOrigin([['__proto__', 'x']], {
      id: 'd'.repeat(64) as CommitId,
      committer: 'a',
    });
    expect(withOrigin(first, { id, committer: 'ann' })).toEqual([
      ['__proto__', 'x'],
      ['cherry-pick-origin', id],
      ['cherry-pick-committer', 'ann'],
    ]);
  });
});
