import type { BranchId, CommitId, PullId, RepositoryId, TagId } from '../../domain/model.js';
import type { ObjectPath, RepositoryUid } from '../../domain/model.js';

/** What was done, in a user's words. */
export type AuditOperation = (typeof AUDIT_OPERATIONS)[number];

export const AUDIT_OPERATIONS = [
  'abort upload in parts',
  'append from outside',
  'begin upload in parts',
  'cancel import',
  'cherry-pick',
  'close pull request',
  'commit',
  'copy object',
  'create branch',
  'create repository',
  'create tag',
  'delete branch',
  'delete object',
  'delete repository',
  'delete tag',
  'dump refs',
  'edit pull request',
  'hard reset',
  'import',
  'merge',
  'merge pull request',
  'open pull request',
  'record commit',
  'redo',
  'reopen pull request',
  'reset',
  'restore refs',
  'revert',
  'set branch rules',
  'set repository metadata',
  'set up',
  'start import',
  'step',
  'undo',
  'write object',
] as const;

/** What an event tells of what was done; nothing else of what it holds leaves the log here. */
export interface Deed {
  readonly operation: AuditOperation;
  /** Why nothing came of it; left out: it was done. */
  readonly failure?: string;
  readonly repository?: { readonly uid: RepositoryUid; readonly name?: RepositoryId };
  readonly branch?: BranchId;
  readonly tag?: TagId;
  /** The objects that it is about. */
  readonly paths?: readonly ObjectPath[];
  /** Every object whose path begins so; "": every object of the branch. */
  readonly prefixes?: readonly string[];
  /** What it was made of: a path, a commit or a branch. */
  readonly source?: string;
  readonly commitId?: CommitId;
  /** Where the branch stood before. */
  readonly formerCommitId?: CommitId;
  readonly pull?: PullId;
}

/** Who did what, when: one event of the log. */
export interface AuditRecord extends Deed {
  readonly position: number;
  /** The event's. */
  readonly type: string;
  /** UTC, epoch, by the clock of whoever wrote the event. */
  readonly atMs: number;
  /** Who asked for it, also where somebody else's request completed it. */
  readonly caller: string;
  readonly requestId: string;
  readonly commandId: string;
}

/** Returns the repository that a record gives a name; undefined: it gives none. */
export function namedBy({ operation, repository }: Pick<Deed, 'operation' | 'repository'>) {
  if (operation !== 'create repository' || repository?.name === undefined) return undefined;
  const { uid, name } = repository;
  return { uid, name };
}

/** Part of how something is done, and of no interest to most who ask. */
export const isStep = ({ operation }: Pick<Deed, 'operation'>): boolean => operation === 'step';
