import type { CommandId, RepositoryUid } from '../domain/model.js';

/** What must be unlike everything before it. */
export abstract class Ids {
  abstract commandId(): CommandId;
  abstract repositoryUid(): RepositoryUid;

  /** Returns where the next uploaded object goes, below its namespace: `data/<slice>/<xid>`. */
  abstract dataKey(): string;
}
