import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { writesOf } from '../../test/support/given.js';
import { eventSamples, type EventSample } from '../../test/support/samples/event.samples.js';
import {
  discarded,
  failedBy,
  objectWish,
  prefixWish,
  resetWish,
  work,
} from '../../test/support/samples/branch.samples.js';
import { dumpId, importId, refsDump } from '../../test/support/samples/import.samples.js';
import { pull } from '../../test/support/samples/pull.samples.js';
import { lake, NOW_MS, root, uid } from '../../test/support/samples/repository.samples.js';
import {
  cloned,
  entry,
  path,
  staged,
  token,
  tokenStream,
  unstaged,
} from '../../test/support/samples/staging.samples.js';
import type { ResetWish } from '../domain/branch/branch.wishes.js';
import type { BranchRecord } from '../domain/branch/branch.events.js';
import { branchStream } from '../domain/branch/branch.stream.js';
import { commitStream } from '../domain/commit/commit.stream.js';
import { encodeEvent, eventSchemas, type EventType } from '../domain/event-types.js';
import { INSTALLATION_STREAM } from '../domain/installation/installation.stream.js';
import type { CommandId, EventId, TagId } from '../domain/model.js';
import { importStream } from '../domain/import/import.stream.js';
import { refsTaskStream } from '../domain/refs-task/refs-task.stream.js';
import { pullStream } from '../domain/pull/pull.stream.js';
import { repositoryStream } from '../domain/repository/repository.stream.js';
import { stagingToken } from '../domain/staging/staging.stream.js';
import { tagStream } from '../domain/tag/tag.stream.js';
import type { WrittenEvent } from '../ports/event-log.js';
import { allProjections, inlineProjection } from './all-projections.js';
import { branchesProjection } from './branches.projection.js';
import { clonesProjection } from './clones.projection.js';
import { childrenProjection } from './children.projection.js';
import { commitsProjection } from './commits.projection.js';
import { importsProjection } from './imports.projection.js';
import { headsProjection } from './heads.projection.js';
import { installationProjection } from './installation.projection.js';
import { refsTasksProjection } from './refs-tasks.projection.js';
import { pullsProjection } from './pulls.projection.js';
import { repositoriesProjection } from './repositories.projection.js';
import { stagingProjection } from './staging.projection.js';
import { tagsProjection } from './tags.projection.js';

/** Returns the sample of a type, as an event of it. */
const sample = <Type extends EventType>(type: Type) =>
  (eventSamples[type] as EventSample).event as Extract<EventSample['event'], { type: Type }>;
const lakeStream = repositoryStream(lake.name);

describe('repositories', () => {
  const given = writesOf(repositoriesProjection);

  it('stand under their name, and from their deletion on under their uid', () =>
    given(
      lakeStream,
      sample('RepositoryCreated'),
      sample('RepositoryMetadataSet'),
      sample('RepositoryDeletionRequested'),
      sample('RepositoryRowsDropped'),
      sample('RepositoryPurged'),
    ).writes(
      ['put', 'repositories/live', 'lake', lake],
      ['put', 'repositories/metadata', uid, sample('RepositoryMetadataSet').metadata],
      ['delete', 'repositories/live', 'lake'],
      ['put', 'repositories/deleting', uid, lake],
      ['delete', 'repositories/rules-pending', uid],
      ['delete', 'repositories/deleting', uid],
      ['delete', 'repositories/metadata', uid],
      ['delete', 'repositories/branch-rules', uid],
    ));

  it('keep their rules on branches, and are pending until all branches are in line', () => {
    const { revision, rules } = sample('BranchRulesSet');
    given(lakeStream, sample('BranchRulesSet'), sample('BranchRulesApplied')).writes(
      ['put', 'repositories/branch-rules', uid, { revision, rules }],
      ['put', 'repositories/rules-pending', uid, lake],
      ['delete', 'repositories/rules-pending', uid],
    );
  });
});

describe('branches', () => {
  const given = writesOf(branchesProjection);
  const stream = branchStream(uid, work);
  const partition = `branches/${uid}`;
  const pending = `${uid}/work`;

  it('are as the record behind each event says', () => {
    const { record } = sample('TokenRotated');
    given(stream, sample('TokenRotated')).writes(['put', partition, 'work', record]);
  });

  it('are listed as pending while an intent is', () => {
    const asked = sample('IntentRequested').record;
    const done = sample('Committed').record;
    given(stream, sample('IntentRequested'), sample('Committed')).writes(
      ['put', partition, 'work', asked],
      ['put', 'branches/@pending', pending, { uid, branch: 'work', pendingCount: 1 }],
      ['put', partition, 'work', done],
      ['delete', 'branches/@pending', pending],
    );
  });

  it('go when they are deleted', () =>
    given(stream, sample('BranchDeleted')).writes(
      ['delete', partition, 'work'],
      ['delete', 'branches/@pending', pending],
    ));

  it('go with their repository, in slices', () => {
    const dropped = sample('RepositoryRowsDropped');
    given(
      lakeStream,
      dropped,
      { ...dropped, until: undefined },
      { ...dropped, rows: 'tags' },
    ).writes(['drop', partition, 'until m'], ['drop', partition]);
  });
});

describe('commits', () => {
  const given = writesOf(commitsProjection);
  const partition = `commits/${uid}`;

  it('stand under their id, whatever made them, the first one too', () => {
    const { commit } = sample('Committed');
    given(branchStream(uid, work), sample('Committed'), sample('Merged')).writes(
      ['put', partition, commit.id, commit],
      ['put', partition, sample('Merged').commit.id, sample('Merged').commit],
    );
    given(lakeStream, sample('RepositoryCreated')).writes(['put', partition, root.id, root]);
    given(lakeStream, { ...sample('RepositoryCreated'), firstCommit: null }).writes();
    given(commitStream(uid, root.id), sample('CommitRecorded')).writes([
      'put',
      partition,
      root.id,
      root,
    ]);
  });

  it('go with their repository, in slices', () => {
    const dropped = { ...sample('RepositoryRowsDropped'), rows: 'commits' } as const;
    given(
      lakeStream,
      dropped,
      { ...dropped, until: undefined },
      { ...dropped, rows: 'tags' },
    ).writes(['drop', partition, 'until m'], ['drop', partition]);
  });
});

describe('heads', () => {
  const given = writesOf(headsProjection);
  const partition = `heads/${uid}`;
  const stream = branchStream(uid, work);

  it('stand under the commit that a branch is at, and go from the one before', () => {
    const { commit, from } = sample('Committed');
    const moved = sample('HeadMoved');
    const deleted = { ...sample('BranchDeleted'), head: commit.id };
    given(stream, sample('BranchCreated'), sample('Committed'), moved, deleted).writes(
      ['put', partition, `${root.id}/work`, { branch: 'work' }],
      ['delete', partition, `${from}/work`],
      ['put', partition, `${commit.id}/work`, { branch: 'work' }],
      ['delete', partition, `${moved.from}/work`],
      ['put', partition, `${moved.to.commitId}/work`, { branch: 'work' }],
      ['delete', partition, `${commit.id}/work`],
    );
  });

  it('stay where they are when a head moves nowhere', () => {
    const moved = sample('HeadMoved');
    given(stream, { ...moved, to: { ...moved.to, commitId: moved.from } }).writes();
  });

  it('go with their repository, in slices', () => {
    const dropped = { ...sample('RepositoryRowsDropped'), rows: 'heads' } as const;
    given(
      lakeStream,
      dropped,
      { ...dropped, until: undefined },
      { ...dropped, rows: 'tags' },
    ).writes(['drop', partition, 'until m'], ['drop', partition]);
  });
});

describe('children', () => {
  const given = writesOf(childrenProjection);
  const partition = `children/${uid}`;

  it('stand under the main parent of a commit: the second of a merge in old data', () => {
    const { commit, from } = sample('Committed');
    const old = { ...commit, version: 0, parents: [root.id, 'b'.repeat(64) as typeof root.id] };
    given(branchStream(uid, work), sample('Committed')).writes([
      'put',
      partition,
      `${from}/${commit.id}`,
      { id: commit.id },
    ]);
    const recorded = commitStream(uid, commit.id);
    given(recorded, { type: 'CommitRecorded', commit: old }, sample('CommitRecorded')).writes([
      'put',
      partition,
      `${'b'.repeat(64)}/${commit.id}`,
      { id: commit.id },
    ]);
  });

  it('go with their repository, in slices', () => {
    const dropped = { ...sample('RepositoryRowsDropped'), rows: 'children' } as const;
    given(
      lakeStream,
      dropped,
      { ...dropped, until: undefined },
      { ...dropped, rows: 'tags' },
    ).writes(['drop', partition, 'until m'], ['drop', partition]);
  });
});

describe('pull requests', () => {
  const given = writesOf(pullsProjection);
  const partition = `pulls/${uid}`;

  it('are as the newest event says', () => {
    const merged = sample('PullRequestMerged');
    given(pullStream(uid, pull.id), sample('PullRequestOpened'), merged).writes(
      ['put', partition, pull.id, pull],
      ['put', partition, pull.id, merged.pull],
    );
  });

  it('go with their repository, in slices', () => {
    const dropped = { ...sample('RepositoryRowsDropped'), rows: 'pulls' } as const;
    given(
      lakeStream,
      dropped,
      { ...dropped, until: undefined },
      { ...dropped, rows: 'tags' },
    ).writes(['drop', partition, 'until m'], ['drop', partition]);
  });
});

describe('tags', () => {
  const given = writesOf(tagsProjection);
  const partition = `tags/${uid}`;

  it('stand under their name until they are deleted', () =>
    given(tagStream(uid, 'v1' as TagId), sample('TagCreated'), sample('TagDeleted')).writes(
      ['put', partition, 'v1', { commitId: root.id }],
      ['delete', partition, 'v1'],
    ));

  it('go with their repository, in slices', () => {
    const dropped = { ...sample('RepositoryRowsDropped'), rows: 'tags' } as const;
    given(
      lakeStream,
      dropped,
      { ...dropped, until: undefined },
      { ...dropped, rows: 'branches' },
    ).writes(['drop', partition, 'until m'], ['drop', partition]);
  });
});

describe('staging', () => {
  const given = writesOf(stagingProjection);
  const partition = `staging/${token}`;

  it('holds the newest entry of each path, and its tombstones apart from them', () =>
    given(tokenStream, staged('a'), unstaged('a'), staged('é'), cloned('b', 'a')).writes(
      ['put', partition, 'a', entry],
      ['delete', partition, 'a'],
      ['put', `${partition}/gone`, 'a', null],
      ['put', partition, 'é', entry],
      ['put', partition, 'b', entry],
    ));

  it('keeps a tombstone over nothing where readers do not look', () =>
    given(tokenStream, { ...unstaged('a'), hidesNothing: true }).writes(
      ['delete', partition, 'a'],
      ['put', `${partition}/idle`, 'a', null],
    ));

  it('says which runs of paths are deleted, the last one first', () =>
    given(tokenStream, sample('RunsDeleted')).writes(
      ['delete', `${partition}/runs`, 'hex 9dff'],
      ['put', `${partition}/runs`, 'hex 9eff', 'c'],
    ));

  it('lists a token until its rows are dropped, and as closed when it is', () => {
    const dropped = sample('StagedRowsDropped');
    const last = { ...dropped, until: undefined };
    given(tokenStream, sample('TokenOpened'), sample('TokenClosed'), dropped, last).writes(
      ['put', 'staging/@tokens', token, { openedAtMs: NOW_MS }],
      ['put', 'staging/@closed', token, { closedAtMs: NOW_MS }],
      ['drop', partition, `until ${path('m')}`],
      ['drop', `${partition}/gone`, `until ${path('m')}`],
      ['drop', `${partition}/idle`, `until ${path('m')}`],
      ['drop', `${partition}/runs`, 'from hex 92ff'],
      ['drop', partition],
      ['drop', `${partition}/gone`],
      ['drop', `${partition}/idle`],
      ['drop', `${partition}/runs`],
      ['delete', 'staging/@tokens', token],
      ['delete', 'staging/@closed', token],
    );
  });

  const withoutB = (of: string) => [
    ['delete', of, 'b'] as const,
    ['delete', `${of}/gone`, 'b'] as const,
    ['delete', `${of}/idle`, 'b'] as const,
    ['drop', `${of}/runs`] as const,
  ];
  const idleB = (of: string) => [
    ['delete', `${of}/gone`, 'b'] as const,
    ['delete', of, 'b'] as const,
    ['put', `${of}/idle`, 'b', null] as const,
  ];

  it('loses what a reset takes out of tokens, from the oldest it sealed to the newest', () => {
    const stream = branchStream(uid, work);
    const of = (ordinal: number) =>
      `staging/${stagingToken({ uid, branch: work, life: 0, ordinal })}`;
    const reset = (wish: ResetWish) => ({
      ...discarded('r', [3, 4], wish),
      record: sample('StagingDiscarded').record,
    });
    given(stream, reset(prefixWish), reset(objectWish), reset(resetWish)).writes(
      ...[of(4), of(3)].flatMap((each) => [
        ['drop', each, 'from b/', 'until b0'] as const,
        ['drop', `${each}/gone`, 'from b/', 'until b0'] as const,
        ['drop', `${each}/idle`, 'from b/', 'until b0'] as const,
        ['drop', `${each}/runs`] as const,
      ]),
      ...withoutB(of(4)),
      ...withoutB(of(3)),
    );
  });

  it('says again, in the newest token of a reset or of a failure, what has no effect', () => {
    const stream = branchStream(uid, work);
    const of = (ordinal: number) =>
      `staging/${stagingToken({ uid, branch: work, life: 0, ordinal })}`;
    const restated = [
      { path: path('b'), entry: null },
      { path: path('b/c'), entry },
    ];
    const { record } = sample('IntentFailed');
    const reset = { ...discarded('r', [3, 4], objectWish), restated, record };
    const tokens = { lo: 7, hi: 8 };
    const failed = { ...failedBy('m', 'no_changes'), restated };
    given(stream, reset, { ...failed, record: { ...(record as BranchRecord), tokens } }).writes(
      ...withoutB(of(4)),
      ...withoutB(of(3)),
      ...idleB(of(4)),
      ['put', of(4), 'b/c', entry],
      ...idleB(of(7)),
      ['put', of(7), 'b/c', entry],
    );
  });
});

describe('clones', () => {
  const given = writesOf(clonesProjection);
  const { address, addressType } = entry;
  const key = createHash('sha256').update(address).digest('hex');

  it('are told by their address, and go with their repository', () => {
    given(tokenStream, cloned('b', 'a')).writes([
      'put',
      `clones/${uid}`,
      key,
      { address, addressType, clonedAtMs: NOW_MS },
    ]);
    given(lakeStream, sample('RepositoryPurged')).writes(['drop', `clones/${uid}`]);
  });
});

describe('imports and tasks on refs', () => {
  it('have a row by their id, and stand among those that run until they end', () => {
    const given = writesOf(importsProjection);
    const stream = importStream(uid, importId);
    const job = `${uid}/${importId}`;
    const row = { ingestedCount: 0, error: null, commit: null, updatedAtMs: NOW_MS };
    const running = (node: string) => ({ uid, id: importId, node, atMs: NOW_MS });
    const ended = [
      ['delete', 'imports/@running', job],
      ['put', 'imports/@ended', job, { uid, id: importId, atMs: NOW_MS }],
    ] as const;
    given(stream, sample('ImportRequested'), sample('ImportResumed')).writes(
      ['put', `imports/${uid}`, importId, row],
      ['put', 'imports/@running', job, running('A')],
      ['put', 'imports/@running', job, running('B')],
    );
    given(stream, sample('ImportProgressed'), sample('ImportIngested')).writes(
      ['put', `imports/${uid}`, importId, { ...row, ingestedCount: 7 }],
      ['put', 'imports/@running', job, running('A')],
      ['put', `imports/${uid}`, importId, { ...row, ingestedCount: 9 }],
      ['put', 'imports/@running', job, running('A')],
    );
    given(stream, sample('ImportCompleted'), sample('ImportFailed')).writes(
      ['put', `imports/${uid}`, importId, { ...row, ingestedCount: 9, commit: root }],
      ...ended,
      ['put', `imports/${uid}`, importId, { ...row, ingestedCount: 7, error: 'forbidden' }],
      ...ended,
    );
    given(stream, sample('ImportCancelled'), sample('ImportForgotten')).writes(
      ['put', `imports/${uid}`, importId, { ...row, ingestedCount: 7, error: 'Canceled' }],
      ...ended,
      ['delete', `imports/${uid}`, importId],
      ['delete', 'imports/@running', job],
      ['delete', 'imports/@ended', job],
    );
    given(lakeStream, sample('RepositoryPurged')).writes(['drop', `imports/${uid}`]);
  });

  it('say of a task whether it is done, and what it came to', () => {
    const given = writesOf(refsTasksProjection);
    const stream = refsTaskStream(uid, dumpId);
    const job = `${uid}/${dumpId}`;
    const row = { isDone: false, error: null, refs: null, updatedAtMs: NOW_MS };
    const running = (node: string) => ({ uid, id: dumpId, node, atMs: NOW_MS });
    const ended = [
      ['delete', 'refs-tasks/@running', job],
      ['put', 'refs-tasks/@ended', job, { uid, id: dumpId, atMs: NOW_MS }],
    ] as const;
    given(stream, sample('RefsTaskRequested'), sample('RefsTaskResumed')).writes(
      ['put', `refs-tasks/${uid}`, dumpId, row],
      ['put', 'refs-tasks/@running', job, running('A')],
      ['put', 'refs-tasks/@running', job, running('B')],
    );
    given(stream, sample('RefsTaskProgressed'), sample('RefsTaskCompleted')).writes(
      ['put', `refs-tasks/${uid}`, dumpId, row],
      ['put', 'refs-tasks/@running', job, running('A')],
      ['put', `refs-tasks/${uid}`, dumpId, { ...row, isDone: true, refs: refsDump }],
      ...ended,
    );
    given(stream, sample('RefsTaskFailed'), sample('RefsTaskForgotten')).writes(
      ['put', `refs-tasks/${uid}`, dumpId, { ...row, isDone: true, error: 'gone' }],
      ...ended,
      ['delete', `refs-tasks/${uid}`, dumpId],
      ['delete', 'refs-tasks/@running', job],
      ['delete', 'refs-tasks/@ended', job],
    );
    given(lakeStream, sample('RepositoryPurged')).writes(['drop', `refs-tasks/${uid}`]);
  });
});

describe('the installation', () => {
  it('has its set-up, and the key pair by its id', () => {
    const createdAtMs = NOW_MS;
    writesOf(installationProjection)(INSTALLATION_STREAM, sample('InstallationSetUp')).writes(
      ['put', 'installation/state', 'setup', { user: 'admin', createdAtMs }],
      [
        'put',
        'installation/credentials',
        'AKIAJEXAMPLE',
        { user: 'admin', sealedSecret: 'sealed', createdAtMs },
      ],
    );
  });
});

describe('all views', () => {
  it.each(Object.values(eventSamples))('take $event.type as it is stored', ({ stream, event }) => {
    const stored = JSON.parse(JSON.stringify(encodeEvent(event))) as ReturnType<typeof encodeEvent>;
    const context = { atMs: 1, caller: 'ann', requestId: 'r', commandId: 'c' as CommandId };
    const data = stored.data as WrittenEvent['data'];
    const written = { ...stored, ...context, stream, data, id: 'id' as EventId };
    expect(() => inlineProjection()(written)).not.toThrow();
  });

  it('have names of their own, and take no event that there is none of', () => {
    const names = allProjections.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { takes } of allProjections) {
      for (const type of takes) expect(eventSchemas).toHaveProperty(type);
    }
  });
});
