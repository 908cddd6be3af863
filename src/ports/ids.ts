import type { CommandId, RepositoryUid } from '../domain/model.js';

/** What must be unlike everything before it. */
export abstract class Ids {
  abstract commandId(): CommandId;
  abstract repositoryUid(): RepositoryUid;

  /** Returns where the next uploaded object goes, below its namespace: `data/<slice>/<xid>`. */
  abstract dataKey(): string;

  /** Returns a new key pair: `AKIAJ…Q` of 20 characters, and 40 that nobody can guess. */
  abstract keyPair(): { readonly accessKeyId: string; readonly secretAccessKey: string };
}
