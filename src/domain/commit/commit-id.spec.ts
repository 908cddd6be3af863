import { describe, expect, it } from '@jest/globals';
import { golden, type GoldenCommit } from '../../../test/support/golden-records.js';
import type { CommitId, CommitRecord, MetaRangeId } from '../model.js';
import { commitIdOf } from './commit-id.js';

const recordOf = ({ commit }: GoldenCommit): Omit<CommitRecord, 'id'> => ({
  committer: commit.Committer,
  message: commit.Message,
  metaRangeId: commit.MetaRangeID as MetaRangeId,
  createdAtMs: Date.parse(commit.CreationDate),
  parents: (commit.Parents ?? []) as CommitId[],
  metadata: Object.entries(commit.Metadata ?? {}),
  generation: commit.Generation,
  version: 1,
});

describe("a commit's id", () => {
  it.each(golden.commits)('is the one that lakeFS gives it: $name', (of) => {
    expect(commitIdOf(recordOf(of))).toBe(of.id);
  });

  it.each(golden.commits)('depends on nothing below a second: $name', (of) => {
    const record = recordOf(of);
    const second = Math.floor(record.createdAtMs / 1000) * 1000;
    expect(commitIdOf({ ...record, createdAtMs: second + 999 })).toBe(of.id);
    expect(commitIdOf({ ...record, createdAtMs: second + 1000 })).not.toBe(of.id);
  });

  it.each(golden.commits)('depends on neither generation nor version: $name', (of) => {
    expect(commitIdOf({ ...recordOf(of), generation: 0, version: 0 })).toBe(of.id);
  });

  it('depends on the order of parents, and not on the order of metadata', () => {
    const record = { ...recordOf(golden.commits[1] as GoldenCommit) };
    const swapped = { ...record, parents: record.parents.toReversed() };
    const turned = { ...record, metadata: record.metadata.toReversed() };
    expect(commitIdOf(swapped)).not.toBe(commitIdOf(record));
    expect(commitIdOf(turned)).toBe(commitIdOf(record));
  });
});
