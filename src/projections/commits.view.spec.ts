import { describe, expect, it } from '@jest/globals';
import type { CommitId, CommitRecord, MetaRangeId, RepositoryUid } from '../domain/model.js';
import type { KvSnapshot } from '../ports/kv-store.js';
import { CommitsView } from './commits.view.js';

const uid = 'r1' as RepositoryUid;
const commit = (id: string): CommitRecord => ({
  id: id as CommitId,
  committer: 'somebody',
  message: '',
  metaRangeId: '' as MetaRangeId,
  createdAtMs: 0,
  parents: [],
  metadata: [],
  generation: 1,
  version: 1,
});

describe('the view of commits', () => {
  it('reads none again that was just made here', async () => {
    let reads = 0;
    const nothing: KvSnapshot = {
      read: async (all) => {
        reads += all.length;
        return all.map(() => []);
      },
    };
    const view = new CommitsView(nothing, { cachedCommits: 10 });
    view.keep(uid, commit('a'));
    expect(await view.get(uid, 'a' as CommitId)).toEqual(commit('a'));
    expect(reads).toBe(0);
    expect(await view.get('r2' as RepositoryUid, 'a' as CommitId)).toBeUndefined();
    expect(reads).toBe(1);
  });
});
