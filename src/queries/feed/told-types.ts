import type { EventType } from '../../domain/event-types.js';

/**
 * Whether consumers of the feed are told of an event type. A type that is missing here does not
 * compile, and what is of no type of ours is never told: what is new is a secret until somebody
 * says that it is none.
 *
 * `kept`: it holds a secret, or what is as good as one: a sealed key or answer, the fingerprint of
 * a request, an address with the signature that lets it be used.
 */
const TELLING: Readonly<Record<EventType, 'told' | 'kept'>> = {
  AddressLinked: 'kept',
  BranchCreated: 'told',
  BranchDeleted: 'told',
  BranchDeletionRequested: 'told',
  BranchRulesApplied: 'told',
  BranchRulesSet: 'told',
  CommitRecorded: 'told',
  CommitsAllowed: 'told',
  CommitsBlocked: 'told',
  Committed: 'told',
  HeadMoved: 'told',
  HookClaimed: 'told',
  HookVerdict: 'told',
  ImportCancelled: 'told',
  ImportCompleted: 'told',
  ImportFailed: 'told',
  ImportForgotten: 'told',
  ImportIngested: 'told',
  ImportProgressed: 'told',
  ImportRequested: 'told',
  ImportResumed: 'told',
  InstallationSetUp: 'kept',
  IntentFailed: 'told',
  IntentRequested: 'told',
  Merged: 'told',
  MultipartAborted: 'kept',
  MultipartCompleted: 'kept',
  MultipartSealed: 'kept',
  MultipartStarted: 'kept',
  ObjectCloned: 'told',
  ObjectStaged: 'told',
  ObjectUnstaged: 'told',
  PartStored: 'kept',
  PartsRemoved: 'kept',
  PullRequestClosed: 'told',
  PullRequestEdited: 'told',
  PullRequestMergeAsked: 'told',
  PullRequestMergeRefused: 'told',
  PullRequestMerged: 'told',
  PullRequestOpened: 'told',
  PullRequestReopened: 'told',
  RefsTaskCompleted: 'told',
  RefsTaskFailed: 'told',
  RefsTaskForgotten: 'told',
  RefsTaskProgressed: 'told',
  RefsTaskRequested: 'told',
  RefsTaskResumed: 'told',
  RepositoryCreated: 'told',
  RepositoryDeletionRequested: 'told',
  RepositoryMetadataSet: 'told',
  RepositoryPurged: 'told',
  RepositoryRowsDropped: 'told',
  RequestAnswered: 'kept',
  RequestBegun: 'kept',
  RequestForgotten: 'kept',
  RequestTookEffect: 'kept',
  RunsDeleted: 'told',
  StagedRowsDropped: 'told',
  StagingDiscarded: 'told',
  TagCreated: 'told',
  TagDeleted: 'told',
  TokenClosed: 'told',
  TokenOpened: 'told',
  TokenRotated: 'told',
  TokensFolded: 'told',
  Undone: 'told',
  WordsRestored: 'told',
  WritesAllowed: 'told',
  WritesBlocked: 'told',
};

/** Every type that a consumer can be told of, sorted. */
export const TOLD_TYPES: readonly EventType[] = (Object.keys(TELLING) as EventType[]).filter(
  (type) => TELLING[type] === 'told',
);

const told: ReadonlySet<string> = new Set(TOLD_TYPES);

export const isTold = (type: string): type is EventType => told.has(type);
