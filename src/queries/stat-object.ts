import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { DomainError } from '../domain/errors.js';
import type { ObjectEntry, ObjectPath, RepositoryId, StorageNamespace } from '../domain/model.js';
import { CommittedStore } from '../ports/committed-store.js';
import { stagedEntry, wordAt } from '../projections/staging.view.js';
import { utf8 } from '../shared/bytes.js';
import { ReadsAt, type PlannedRead } from './read-at.js';

export interface FoundObject {
  readonly entry: ObjectEntry;
  /** Of its repository: what a relative address is relative to. */
  readonly namespace: StorageNamespace;
}

/** What a ref has at a path. @throws DomainError object_not_found, and whatever the ref is not */
export class StatObject extends Query<FoundObject> {
  constructor(
    readonly repository: RepositoryId,
    readonly ref: string,
    readonly path: ObjectPath,
  ) {
    super();
  }
}

/** Finds what a ref has at a path, of one state. */
export class FindObject {
  constructor(
    private readonly reads: ReadsAt,
    private readonly committed: CommittedStore,
  ) {}

  /** @throws DomainError object_not_found, and whatever the ref is not */
  async at(repository: RepositoryId, ref: string, path: ObjectPath): Promise<FoundObject> {
    const key = utf8(path);
    const read = await this.reads.read(repository, ref, ({ tokens }) =>
      tokens.flatMap((token) => wordAt(token, key)),
    );
    const entry = await effectiveEntry(this.committed, read, path);
    if (!entry) throw new DomainError('object_not_found');
    return { entry, namespace: read.point.repository.namespace };
  }
}

@QueryHandler(StatObject)
export class StatObjectHandler implements IQueryHandler<StatObject> {
  readonly #finder: FindObject;

  constructor(reads: ReadsAt, committed: CommittedStore) {
    this.#finder = new FindObject(reads, committed);
  }

  execute({ repository, ref, path }: StatObject): Promise<FoundObject> {
    return this.#finder.at(repository, ref, path);
  }
}

/** Returns the newest word on a path: the tokens' in their order, then the committed tree's. */
export async function effectiveEntry(
  committed: CommittedStore,
  { point, rows }: PlannedRead,
  path: ObjectPath,
): Promise<ObjectEntry | undefined> {
  for (const wordRows of rows) {
    const staged = stagedEntry(wordRows);
    if (staged !== undefined) return staged ?? undefined;
  }
  const { metaRangeId, repository } = point;
  if (metaRangeId === undefined || metaRangeId === '') return undefined;
  return committed.get(repository.namespace, metaRangeId, path);
}
