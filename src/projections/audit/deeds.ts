import type { ResetScope, Wish } from '../../domain/branch/branch.wishes.js';
import type { DomainEvent, EventType } from '../../domain/event-types.js';
import type { PullRecord } from '../../domain/pull/pull.events.js';
import type { AskedIntent } from './asked-intents.js';
import type { AuditOperation, Deed } from './audit-record.js';

type Tellers = {
  readonly [Type in EventType]: (
    event: Extract<DomainEvent, { readonly type: Type }>,
    asked: AskedIntent | undefined,
  ) => Deed;
};

const step = (): Deed => ({ operation: 'step' });
const named = (operation: AuditOperation) => (): Deed => ({ operation });
const ofPull =
  (operation: AuditOperation, failure?: string) =>
  ({ pull }: { readonly pull: PullRecord }): Deed => ({
    operation,
    ...(failure !== undefined && { failure }),
    pull: pull.id,
    branch: pull.destination,
    source: pull.source,
    ...(pull.mergedCommitId && { commitId: pull.mergedCommitId }),
  });

/**
 * What each event tells an auditor. This is a list of what may be shown: a field that no line
 * names, as a sealed secret or an answer, is in no record.
 *
 * Who changes what is told of events that are in logs already raises `AUDIT_INDEX_VERSION`.
 */
const tellers: Tellers = {
  AddressLinked: step,
  BranchCreated: ({ head }) => ({ operation: 'create branch', commitId: head.commitId }),
  BranchDeleted: ({ head }) => ({
    operation: 'delete branch',
    ...(head !== undefined && { formerCommitId: head }),
  }),
  BranchDeletionRequested: step,
  BranchRulesApplied: step,
  BranchRulesSet: ({ repository: { uid, name } }) => ({
    operation: 'set branch rules',
    repository: { uid, name },
  }),
  CommitRecorded: ({ commit }) => ({ operation: 'record commit', commitId: commit.id }),
  CommitsAllowed: step,
  CommitsBlocked: step,
  Committed: ({ from, commit }) => ({
    operation: 'commit',
    commitId: commit.id,
    formerCommitId: from,
  }),
  HeadMoved: ({ from, to }) => ({
    operation: 'hard reset',
    commitId: to.commitId,
    formerCommitId: from,
  }),
  HookClaimed: step,
  HookVerdict: step,
  ImportCancelled: named('cancel import'),
  ImportCompleted: step,
  ImportFailed: ({ reason }) => ({ operation: 'import', failure: reason }),
  ImportForgotten: step,
  ImportIngested: step,
  ImportProgressed: step,
  ImportRequested: ({ branch }) => ({ operation: 'start import', branch }),
  ImportResumed: step,
  InstallationSetUp: named('set up'),
  IntentFailed: ({ reason }, asked) => ({
    operation: operationOf(asked),
    failure: reason,
    ...sourceOf(asked?.wish),
    ...reachOf(asked?.wish),
  }),
  IntentRequested: step,
  Merged: ({ from, commit }, asked) => ({
    operation: operationOf(asked),
    commitId: commit.id,
    formerCommitId: from,
    ...sourceOf(asked?.wish),
    ...reachOf(asked?.wish),
  }),
  MultipartAborted: named('abort upload in parts'),
  MultipartCompleted: step,
  MultipartSealed: step,
  MultipartStarted: ({ branch, path }) => ({
    operation: 'begin upload in parts',
    branch,
    paths: [path],
  }),
  ObjectCloned: ({ path, source }) => ({ operation: 'copy object', paths: [path], source }),
  ObjectStaged: ({ path }) => ({ operation: 'write object', paths: [path] }),
  ObjectUnstaged: ({ path }) => ({ operation: 'delete object', paths: [path] }),
  PartStored: step,
  PartsRemoved: step,
  PullRequestClosed: ofPull('close pull request'),
  PullRequestEdited: ofPull('edit pull request'),
  PullRequestMergeAsked: ({ pull }) => ({ operation: 'step', pull: pull.id }),
  PullRequestMergeRefused: ofPull('merge pull request', 'refused'),
  PullRequestMerged: ofPull('merge pull request'),
  PullRequestOpened: ofPull('open pull request'),
  PullRequestReopened: ofPull('reopen pull request'),
  RefsTaskCompleted: step,
  RefsTaskFailed: step,
  RefsTaskForgotten: step,
  RefsTaskProgressed: step,
  RefsTaskRequested: ({ work }) => ({
    operation: work.kind === 'dump' ? 'dump refs' : 'restore refs',
  }),
  RefsTaskResumed: step,
  RepositoryCreated: ({ repository: { uid, name }, firstCommit }) => ({
    operation: 'create repository',
    repository: { uid, name },
    ...(firstCommit && { commitId: firstCommit.id }),
  }),
  RepositoryDeletionRequested: ({ repository: { uid, name } }) => ({
    operation: 'delete repository',
    repository: { uid, name },
  }),
  RepositoryMetadataSet: ({ uid }) => ({
    operation: 'set repository metadata',
    repository: { uid },
  }),
  RepositoryPurged: ({ uid }) => ({ operation: 'step', repository: { uid } }),
  RepositoryRowsDropped: ({ uid }) => ({ operation: 'step', repository: { uid } }),
  RequestAnswered: step,
  RequestBegun: step,
  RequestForgotten: step,
  RequestTookEffect: step,
  // Each path in a run has a deletion of its own.
  RunsDeleted: step,
  StagedRowsDropped: step,
  StagingDiscarded: ({ scope }) => ({ operation: 'reset', ...reachOfReset(scope) }),
  TagCreated: ({ commitId }) => ({ operation: 'create tag', commitId }),
  TagDeleted: ({ commitId }) => ({ operation: 'delete tag', formerCommitId: commitId }),
  TokenClosed: step,
  TokenOpened: step,
  TokenRotated: step,
  TokensFolded: step,
  Undone: ({ operation, isRedo, from, to }) => ({
    operation: isRedo ? 'redo' : 'undo',
    source: operation,
    commitId: to.commitId,
    formerCommitId: from,
    prefixes: [''],
  }),
  WordsRestored: step,
  WritesAllowed: step,
  WritesBlocked: step,
};

/** @param asked  who asked for it, of a result on a branch */
export function deedOf(event: DomainEvent, asked: AskedIntent | undefined): Deed {
  const tell = tellers[event.type] as (event: never, asked: AskedIntent | undefined) => Deed;
  return tell(event as never, asked);
}

const operations: Readonly<Record<Wish['kind'], AuditOperation>> = {
  commit: 'commit',
  merge: 'merge',
  revert: 'revert',
  'cherry-pick': 'cherry-pick',
  import: 'import',
  reset: 'reset',
  'hard-reset': 'hard reset',
  undo: 'undo',
  restore: 'undo',
};

function operationOf(asked: AskedIntent | undefined): AuditOperation {
  if (asked === undefined) return 'step';
  return asked.wish === null ? 'delete branch' : operations[asked.wish.kind];
}

function sourceOf(wish: Wish | null | undefined): Pick<Deed, 'source'> {
  switch (wish?.kind) {
    case 'merge':
      return { source: wish.source };
    case 'revert':
    case 'cherry-pick':
      return { source: wish.commit };
    case 'hard-reset':
      return { source: wish.to };
    default:
      return {};
  }
}

function reachOf(wish: Wish | null | undefined): Pick<Deed, 'paths' | 'prefixes'> {
  if (wish?.kind === 'reset') return reachOfReset(wish.scope);
  if (wish?.kind !== 'import') return {};
  const paths = wish.replaced.flatMap((each) => (each.kind === 'object' ? [each.path] : []));
  const prefixes = wish.replaced.flatMap((each) => (each.kind === 'prefix' ? [each.prefix] : []));
  return { ...(paths.length > 0 && { paths }), ...(prefixes.length > 0 && { prefixes }) };
}

function reachOfReset(scope: ResetScope): Pick<Deed, 'paths' | 'prefixes'> {
  if (scope.kind === 'object') return { paths: [scope.path] };
  return { prefixes: [scope.kind === 'all' ? '' : scope.prefix] };
}
