import { withRecords } from '../../../src/commands/branch/branches.js';
import { addressStream } from '../../../src/domain/address/address.stream.js';
import { branchDecider } from '../../../src/domain/branch/branch.decider.js';
import type { BranchEvent } from '../../../src/domain/branch/branch.events.js';
import { branchStream } from '../../../src/domain/branch/branch.stream.js';
import { commitStream } from '../../../src/domain/commit/commit.stream.js';
import { fold } from '../../../src/domain/decider.js';
import type { DomainEvent, EventType } from '../../../src/domain/event-types.js';
import { INSTALLATION_STREAM } from '../../../src/domain/installation/installation.stream.js';
import type { CommandId, TagId, UserId } from '../../../src/domain/model.js';
import { importStream } from '../../../src/domain/import/import.stream.js';
import { refsTaskStream } from '../../../src/domain/refs-task/refs-task.stream.js';
import { multipartStream } from '../../../src/domain/multipart/multipart.stream.js';
import { requestStream } from '../../../src/domain/request/request.stream.js';
import { repositoryStream } from '../../../src/domain/repository/repository.stream.js';
import type { PullEvent } from '../../../src/domain/pull/pull.events.js';
import { pullStream } from '../../../src/domain/pull/pull.stream.js';
import { tagStream } from '../../../src/domain/tag/tag.stream.js';
import {
  committed,
  created,
  discarded,
  failed,
  hardResetWish,
  intentId,
  intentOf,
  merged,
  mergeWish,
  moved,
  requested,
  resetWish,
  rotated,
  undone,
  undoWish,
  work,
} from './branch.samples.js';
import { frozen } from './frozen.js';
import { pull } from './pull.samples.js';
import { dumpId, importId, importWish, refsDump } from './import.samples.js';
import { lake, NOW_MS, root, uid } from './repository.samples.js';
import { cloned, path, staged, tokenStream, unstaged } from './staging.samples.js';

/** An event of each type, in its newest shape, and the stream that it may stand in. */
export interface EventSample {
  readonly stream: string;
  readonly event: DomainEvent;
}

const onBranch = (before: readonly BranchEvent[], event: BranchEvent): EventSample => {
  const [stored] = withRecords(fold(branchDecider, before), [event]);
  if (!stored) throw new Error('an event is stored as one');
  return { stream: branchStream(uid, work), event: stored };
};
const on = (stream: string, event: DomainEvent): EventSample => ({ stream, event });
const onLake = (event: DomainEvent) => on(repositoryStream(lake.name), event);
const onImport = (event: DomainEvent) => on(importStream(uid, importId), event);
const onTask = (event: DomainEvent) => on(refsTaskStream(uid, dumpId), event);
const onUpload = (event: DomainEvent) => on(multipartStream({ uid, uploadId: 'upload' }), event);
const issuedKey = 'data/ft6poe1ksduapdji3oug/dc0me0hksduapdji3p30,signature';
const askedStream = requestStream('ann' as UserId, 'key');
const onRequest = (event: DomainEvent) => on(askedStream, event);
const onTag = (event: DomainEvent) => on(tagStream(uid, 'v1' as TagId), event);

const live = [created, rotated(0)];
const asked = [...live, requested('i', 0)];
const id = intentId('i');
const deleting = { type: 'BranchDeletionRequested', intentId: id } as const;
const blocked = { type: 'WritesBlocked', ruleRevision: 0 } as const;

const closedPull = { ...pull, status: 'closed', closedAtMs: NOW_MS } as const;
const onPull = (event: PullEvent) => on(pullStream(uid, pull.id), event);
const pullSamples = {
  PullRequestOpened: onPull({ type: 'PullRequestOpened', pull }),
  PullRequestEdited: onPull({ type: 'PullRequestEdited', pull }),
  PullRequestClosed: onPull({ type: 'PullRequestClosed', pull: closedPull }),
  PullRequestReopened: onPull({ type: 'PullRequestReopened', pull }),
  PullRequestMergeAsked: onPull({
    type: 'PullRequestMergeAsked',
    pull: { ...pull, merging: 'm' as CommandId },
  }),
  PullRequestMergeRefused: onPull({ type: 'PullRequestMergeRefused', pull }),
  PullRequestMerged: onPull({
    type: 'PullRequestMerged',
    pull: { ...closedPull, status: 'merged', mergedCommitId: root.id },
  }),
};

export const eventSamples: Readonly<Record<EventType, EventSample>> = frozen({
  BranchCreated: onBranch([], created),
  IntentRequested: onBranch(live, requested('i', 0)),
  TokenRotated: onBranch([created], rotated(0)),
  TokensFolded: onBranch(
    [created, rotated(0), requested('i', 0), failed('i'), requested('j', 1), failed('j')],
    {
      type: 'TokensFolded',
      from: 0,
      into: 1,
      words: [
        { path: path('a'), entry: staged('a').entry },
        { path: path('b'), entry: null },
      ],
      idle: [path('c')],
      runs: [{ first: path('b'), last: path('b') }],
      isLast: true,
    },
  ),
  BranchDeletionRequested: onBranch(live, deleting),
  HookClaimed: onBranch(asked, { type: 'HookClaimed', intentId: id, node: 'A', untilMs: NOW_MS }),
  HookVerdict: onBranch(asked, { type: 'HookVerdict', intentId: id, hasPassed: true }),
  Committed: onBranch(asked, committed('i')),
  Merged: onBranch([...live, requested('i', 0, mergeWish)], merged('i')),
  HeadMoved: onBranch([...live, requested('i', 0, hardResetWish)], moved('i')),
  StagingDiscarded: onBranch([...live, requested('i', 0, resetWish)], discarded('i', [0, 0])),
  Undone: onBranch([...live, requested('i', 0, undoWish)], undone('i', 0)),
  IntentFailed: onBranch(asked, failed('i')),
  BranchDeleted: onBranch([...live, deleting], { type: 'BranchDeleted', intentId: id }),
  ...pullSamples,
  WritesBlocked: onBranch(live, blocked),
  CommitsBlocked: onBranch(live, { type: 'CommitsBlocked', ruleRevision: 3 }),
  CommitsAllowed: onBranch([...live, { type: 'CommitsBlocked', ruleRevision: 3 }], {
    type: 'CommitsAllowed',
    ruleRevision: 4,
  }),
  WritesAllowed: onBranch([...live, blocked], {
    type: 'WritesAllowed',
    ruleRevision: 0,
    opens: 1,
  }),
  CommitRecorded: on(commitStream(uid, root.id), { type: 'CommitRecorded', commit: root }),
  AddressLinked: on(addressStream(uid, issuedKey), {
    type: 'AddressLinked',
    branch: work,
    path: path('a'),
    entry: { ...staged('a').entry, address: issuedKey },
  }),
  MultipartStarted: onUpload({
    type: 'MultipartStarted',
    branch: work,
    path: path('a'),
    namespace: lake.namespace,
    key: issuedKey,
  }),
  PartStored: onUpload({
    type: 'PartStored',
    partNumber: 1,
    key: '_moraine/uploads/upload.1.x',
    md5: '5d41402abc4b2a76b9719d911017c592',
    sizeBytes: 5,
  }),
  MultipartSealed: onUpload({ type: 'MultipartSealed', partNumbers: [1] }),
  MultipartCompleted: onUpload({ type: 'MultipartCompleted', entry: staged('a').entry }),
  MultipartAborted: onUpload({ type: 'MultipartAborted' }),
  PartsRemoved: onUpload({ type: 'PartsRemoved' }),
  InstallationSetUp: on(INSTALLATION_STREAM, {
    type: 'InstallationSetUp',
    user: 'admin' as UserId,
    accessKeyId: 'AKIAJEXAMPLE',
    sealedSecret: 'sealed',
    createdAtMs: NOW_MS,
  }),
  RepositoryCreated: onLake({ type: 'RepositoryCreated', repository: lake, firstCommit: root }),
  RepositoryMetadataSet: onLake({
    type: 'RepositoryMetadataSet',
    uid,
    metadata: [
      ['__proto__', 'a key like any other'],
      ['a', '1'],
    ],
  }),
  BranchRulesSet: onLake({
    type: 'BranchRulesSet',
    repository: lake,
    revision: 1,
    rules: [{ pattern: 'rel-*', blocks: ['staging_write', 'commit'] }],
  }),
  BranchRulesApplied: onLake({ type: 'BranchRulesApplied', uid, revision: 1 }),
  RepositoryDeletionRequested: onLake({ type: 'RepositoryDeletionRequested', repository: lake }),
  RepositoryRowsDropped: onLake({
    type: 'RepositoryRowsDropped',
    uid,
    rows: 'branches',
    until: 'm',
  }),
  RepositoryPurged: onLake({ type: 'RepositoryPurged', uid }),
  RequestBegun: onRequest({
    type: 'RequestBegun',
    fingerprint: '9f',
    begunAtMs: NOW_MS,
    formerAtMs: NOW_MS - 86_400_000,
  }),
  RequestTookEffect: onRequest({
    type: 'RequestTookEffect',
    stream: tokenStream,
    eventCount: 1,
  }),
  RequestAnswered: onRequest({ type: 'RequestAnswered', sealedAnswer: 'sealed' }),
  RequestForgotten: onRequest({ type: 'RequestForgotten', begunAtMs: NOW_MS }),
  TokenOpened: on(tokenStream, { type: 'TokenOpened' }),
  ObjectStaged: on(tokenStream, staged('a')),
  ObjectCloned: on(tokenStream, cloned('b', 'a')),
  ObjectUnstaged: on(tokenStream, unstaged('a')),
  RunsDeleted: on(tokenStream, {
    type: 'RunsDeleted',
    runs: [{ first: path('a'), last: path('c') }],
    joined: [path('b')],
  }),
  WordsRestored: on(tokenStream, {
    type: 'WordsRestored',
    words: [
      { path: path('a'), entry: staged('a').entry },
      { path: path('b'), entry: null },
    ],
  }),
  TokenClosed: on(tokenStream, { type: 'TokenClosed', request: intentOf('i') }),
  StagedRowsDropped: on(tokenStream, { type: 'StagedRowsDropped', until: path('m') }),
  TagCreated: onTag({ type: 'TagCreated', commitId: root.id }),
  TagDeleted: onTag({ type: 'TagDeleted', commitId: root.id }),
  ImportRequested: onImport({ type: 'ImportRequested', ...importWish, node: 'A' }),
  ImportResumed: onImport({ type: 'ImportResumed', node: 'B' }),
  ImportProgressed: onImport({
    type: 'ImportProgressed',
    node: 'A',
    ingestedCount: 7,
    checkpoint: { metaRangeId: refsDump.commits, path: path('in/m'), ingestedCount: 5 },
  }),
  ImportIngested: onImport({
    type: 'ImportIngested',
    node: 'A',
    metaRangeId: refsDump.commits,
    ingestedCount: 9,
    commitDateMs: NOW_MS,
  }),
  ImportCompleted: onImport({ type: 'ImportCompleted', ingestedCount: 9, commit: root }),
  ImportFailed: onImport({ type: 'ImportFailed', ingestedCount: 7, reason: 'forbidden' }),
  ImportCancelled: onImport({ type: 'ImportCancelled', ingestedCount: 7 }),
  ImportForgotten: onImport({ type: 'ImportForgotten' }),
  RefsTaskRequested: onTask({
    type: 'RefsTaskRequested',
    repository: lake.name,
    work: { kind: 'dump' },
    node: 'A',
  }),
  RefsTaskResumed: onTask({ type: 'RefsTaskResumed', node: 'B' }),
  RefsTaskProgressed: onTask({ type: 'RefsTaskProgressed', node: 'A', recordCount: 7 }),
  RefsTaskCompleted: onTask({ type: 'RefsTaskCompleted', refs: refsDump }),
  RefsTaskFailed: onTask({ type: 'RefsTaskFailed', reason: 'gone' }),
  RefsTaskForgotten: onTask({ type: 'RefsTaskForgotten' }),
});
