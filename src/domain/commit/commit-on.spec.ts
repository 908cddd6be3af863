import { describe, expect, it } from '@jest/globals';
import { commitOf, head, intentOf } from '../../../test/support/samples/branch.samples.js';
import { NOW_MS, root } from '../../../test/support/samples/repository.samples.js';
import type { MetaRangeId } from '../model.js';
import { commitIdOf } from './commit-id.js';
import { commitOn } from './commit-on.js';

const tree = 'f'.repeat(64) as MetaRangeId;

describe('the commit that an intent makes', () => {
  it('says what the intent says, on the head', () => {
    const intent = intentOf('i');
    const commit = commitOn(head, intent, tree);
    expect(commit).toEqual({
      id: commitIdOf(commit),
      committer: 'ann',
      message: 'by i',
      metaRangeId: tree,
      createdAtMs: NOW_MS,
      parents: [root.id],
      metadata: intent.metadata,
      generation: 2,
      version: 1,
    });
  });

  it('is the same on every node, and another on another head', () => {
    expect(commitOn(head, intentOf('i'), tree)).toEqual(commitOn(head, intentOf('i'), tree));
    const elsewhere = { ...head, commitId: commitOf('other').id };
    expect(commitOn(elsewhere, intentOf('i'), tree).id).not.toBe(
      commitOn(head, intentOf('i'), tree).id,
    );
  });

  it('does not take its time from its parent', () => {
    const early = { ...intentOf('i'), dateMs: 1_000 };
    expect(commitOn(head, early, tree).createdAtMs).toBe(1_000);
  });
});
