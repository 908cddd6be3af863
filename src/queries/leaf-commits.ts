import type { CommitRecord, RepositoryUid } from '../domain/model.js';
import type { KvSnapshot } from '../ports/kv-store.js';
import { decodeValue } from '../projections/kv-codec.js';
import { partitions } from '../projections/kv-keys.js';
import { scanRows } from '../projections/scan-rows.js';
import { fromUtf8 } from '../shared/bytes.js';

/** Yields every commit of a repository, in the order of ids. */
export async function* commitsById(
  kv: KvSnapshot,
  uid: RepositoryUid,
): AsyncGenerator<CommitRecord> {
  for await (const row of scanRows(kv, partitions.commits(uid))) {
    yield decodeValue<CommitRecord>(row);
  }
}

/**
 * Yields the commits that are nobody's first parent, in the order of ids: the ends of lines of
 * history. Two scans side by side; nothing is kept in memory.
 */
export async function* leafCommits(
  kv: KvSnapshot,
  uid: RepositoryUid,
): AsyncGenerator<CommitRecord> {
  const parents = parentsById(kv, uid);
  let parent = await parents.next();
  try {
    for await (const commit of commitsById(kv, uid)) {
      // Ids are hex, so their order as text is that of their bytes.
      while (!parent.done && parent.value < commit.id) parent = await parents.next();
      if (parent.done || parent.value !== commit.id) yield commit;
    }
  } finally {
    await parents.return(undefined);
  }
}

async function* parentsById(kv: KvSnapshot, uid: RepositoryUid): AsyncGenerator<string> {
  for await (const row of scanRows(kv, partitions.children(uid))) {
    yield fromUtf8(row.key).slice(0, ID_CHARS);
  }
}

const ID_CHARS = 64;
