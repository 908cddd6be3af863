import { branchDecider } from '../domain/branch/branch.decider.js';
import { headOf } from '../domain/branch/branch.evolve.js';
import { commitStream } from '../domain/commit/commit.stream.js';
import { DomainError } from '../domain/errors.js';
import { eventIdOf } from '../domain/event-id.js';
import type { BranchId, CommitId, CommitRecord, TagId } from '../domain/model.js';
import type { RefsDump } from '../domain/refs-task/refs-task.events.js';
import type { RepositoryRecord } from '../domain/repository/repository.events.js';
import { stagingDecider } from '../domain/staging/staging.decider.js';
import type { StagingEvent } from '../domain/staging/staging.events.js';
import { tagDecider } from '../domain/tag/tag.decider.js';
import { tagStream } from '../domain/tag/tag.stream.js';
import type { AggregateStreams } from '../commands/aggregate-stream.js';
import type { Branches, BranchPlace } from '../commands/branch/branches.js';
import { contextOf, newEvent } from '../commands/new-events.js';
import type { StagingWriter } from '../commands/object/staging-writer.js';
import { partOf, type Request } from '../commands/request.js';
import type { BlockStore } from '../ports/block-store.js';
import type { Clock } from '../ports/clock.js';
import type { StagedChange } from '../ports/committed-store.js';
import type { EventLog } from '../ports/event-log.js';
import { EventRefused, WrongExpectedRevision } from '../ports/store-errors.js';
import type { CommitsView } from '../projections/commits.view.js';
import type { TagsView } from '../projections/tags.view.js';
import { assert } from '../shared/assert.js';
import { failpoint } from '../shared/failpoint.js';
import type { DumpWatcher } from './dump-refs.js';
import { ReadRefsDump } from './read-refs-dump.js';
import type { NamedRef } from './refs-records.js';
import { StageOnce } from './stage-once.js';

const COMMITS_PER_APPEND = 500;
const STAGED_PER_APPEND = 500;
/** Branches or tags that are made at once: their appends share a round trip. */
const REFS_AT_ONCE = 64;
const TRIES_MAX = 50;

/** What is to be done where. */
interface Restoring {
  readonly repository: RepositoryRecord;
  readonly dump: ReadRefsDump;
  readonly watcher: DumpWatcher;
  /** The same for every try, so that what is there already is found by its event's id. */
  readonly request: Request;
}

/**
 * Brings refs back from tables under a repository's namespace, as this program or lakeFS has
 * written them. No object moves, and every commit keeps its id.
 *
 * All of the dump is read before anything is written. The default branch comes last: while it is
 * not there the repository counts as bare, and whoever finds the work half done may do it again.
 */
export class RestoreRefs {
  readonly #staging: StageOnce;

  constructor(
    private readonly ports: {
      readonly log: EventLog;
      readonly blocks: BlockStore;
      readonly clock: Clock;
    },
    private readonly streams: AggregateStreams,
    private readonly branches: Branches,
    writer: StagingWriter,
    private readonly commits: CommitsView,
    private readonly tags: TagsView,
  ) {
    this.#staging = new StageOnce(ports.log, branches, writer);
  }

  /**
   * @throws DomainError  restore_refused: the dump is not whole, or the repository has a branch or
   *   a tag of one of its names that stands elsewhere
   */
  async run(
    repository: RepositoryRecord,
    refs: RefsDump,
    watcher: DumpWatcher,
    request: Request,
  ): Promise<void> {
    const dump = new ReadRefsDump(this.ports.blocks, repository.namespace, refs);
    const all: Restoring = { repository, dump, watcher, request };
    await dump.check(() => watcher.signal.throwIfAborted());
    await this.#restoreCommits(all);
    await failpoint('refs.afterCommits');
    for await (const tags of batched(dump.tags(), REFS_AT_ONCE)) {
      await Promise.all(tags.map((tag) => this.#restoreTag(all, tag)));
      step(watcher, tags.length);
    }
    await this.#restoreBranches(all);
  }

  async #restoreCommits(all: Restoring): Promise<void> {
    for await (const commits of batched(all.dump.commits(), COMMITS_PER_APPEND)) {
      await this.#record(all, commits);
      step(all.watcher, commits.length);
    }
  }

  /** All of them or none; those that are there already were brought in by another try. */
  async #record(
    { repository: { uid }, request }: Restoring,
    commits: readonly CommitRecord[],
  ): Promise<void> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const known = await this.commits.getAll(
        uid,
        commits.map(({ id }) => id),
      );
      const missing = commits.filter((_, at) => known[at] === undefined);
      if (missing.length === 0) return;
      const appends = missing.map((commit) => ({
        stream: commitStream(uid, commit.id),
        expected: 'none' as const,
        events: [newEvent({ type: 'CommitRecorded', commit }, request.commandId, commit.id)],
      }));
      try {
        await this.ports.log.append(appends, contextOf(request, this.ports.clock));
        return;
      } catch (error) {
        // Somebody else brings some of them in: look again which are left.
        if (!(error instanceof WrongExpectedRevision || error instanceof EventRefused)) throw error;
      }
    }
    throw new DomainError('store_busy');
  }

  async #restoreTag(
    { repository: { uid }, request }: Restoring,
    { name, commitId }: NamedRef,
  ): Promise<void> {
    const tag = name as TagId;
    const command = { type: 'CreateTag', commitId } as const;
    const stream = tagStream(uid, tag);
    try {
      const made = { stream, decider: tagDecider, command, isLikelyNew: true };
      await this.streams.transact(made, partOf(request, `tag/${name}`));
    } catch (error) {
      const isThere = error instanceof DomainError && error.code === 'tag_exists';
      if (!isThere) throw error;
      if ((await this.tags.get(uid, tag))?.commitId !== commitId) throw elsewhere('tag', name);
    }
  }

  async #restoreBranches(all: Restoring): Promise<void> {
    const { dump, watcher, repository } = all;
    const hidden = new Set<BranchId>();
    for await (const state of dump.branchStates()) {
      if (state.kind === 'flags' && state.isHidden) hidden.add(state.branch);
    }
    let last: (NamedRef & { readonly name: BranchId }) | undefined;
    for await (const branches of batched(dump.branches(), REFS_AT_ONCE)) {
      const others = branches.filter(({ name }) => name !== repository.defaultBranch);
      last ??= branches.find(({ name }) => name === repository.defaultBranch);
      await Promise.all(others.map((branch) => this.#restoreBranch(all, branch, hidden)));
      step(watcher, others.length);
    }
    await this.#restoreStaged(all, (branch) => branch !== repository.defaultBranch);
    if (last === undefined) return;
    await failpoint('refs.beforeDefaultBranch');
    await this.#restoreBranch(all, last, hidden);
    await this.#restoreStaged(all, (branch) => branch === repository.defaultBranch);
    step(watcher, 1);
  }

  async #restoreBranch(
    { repository, request }: Restoring,
    { name: branch, commitId }: NamedRef & { readonly name: BranchId },
    hidden: ReadonlySet<BranchId>,
  ): Promise<void> {
    const place: BranchPlace = { repository, branch };
    const head = headOf(await this.#commit(repository, commitId));
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const fold = await this.branches.view(place);
      // Also one that has gone on since an earlier try made it, or that a user has deleted.
      if (fold.revision >= 0 && (await this.#lifeOf(place, request)) !== undefined) return;
      if (fold.state.status === 'live') throw elsewhere('branch', branch);
      const isHidden = hidden.has(branch);
      const life = fold.revision + 1;
      const command = { type: 'CreateBranch', life, head, isHidden } as const;
      const events = branchDecider.decide(command, fold.state);
      const append = { events, of: () => request.commandId, part: CREATED_PART };
      const context = contextOf(request, this.ports.clock);
      if ((await this.branches.append(place, fold, append, context)) === undefined) return;
    }
    throw new DomainError('store_busy');
  }

  /** Returns the life that a restore of this dump has given a branch, over by now or not. */
  async #lifeOf(place: BranchPlace, { commandId }: Request): Promise<number | undefined> {
    const created = await this.branches.find(place, eventIdOf(commandId, CREATED_PART));
    return created?.type === 'BranchCreated' ? created.life : undefined;
  }

  async #commit({ uid }: RepositoryRecord, id: CommitId): Promise<CommitRecord> {
    const commit = await this.commits.get(uid, id);
    assert(commit, 'the dump was checked: its commits came before its branches');
    return commit;
  }

  async #restoreStaged(all: Restoring, isWanted: (branch: BranchId) => boolean): Promise<void> {
    const { repository, request, watcher } = all;
    let branch: BranchId | undefined;
    let life: number | undefined;
    let changes: StagedChange[] = [];
    let count = 0;
    const flush = async () => {
      const [of, staged] = [branch, changes];
      changes = [];
      if (of === undefined || staged.length === 0) return;
      const part = partOf(request, `staged/${of}/${count++}`);
      const place = { repository, branch: of };
      life ??= await this.#lifeOf(place, request);
      // Of a branch that the dump does not have.
      if (life === undefined) throw new DomainError('branch_not_found');
      await this.#staging.stage(place, { life, events: staged.map(eventOf) }, part);
      step(watcher, staged.length);
    };
    for await (const state of all.dump.branchStates()) {
      if (state.kind !== 'staged' || !isWanted(state.branch)) continue;
      if (state.branch !== branch || changes.length === STAGED_PER_APPEND) await flush();
      if (state.branch !== branch) [count, life] = [0, undefined];
      branch = state.branch;
      changes.push(state.change);
    }
    await flush();
  }
}

const CREATED_PART = 'restored';

function eventOf({ path, entry }: StagedChange): StagingEvent {
  const command =
    entry === undefined
      ? ({ type: 'UnstageObject', path } as const)
      : ({ type: 'StageObject', path, entry } as const);
  const [event] = stagingDecider.decide(command, { status: 'open' });
  assert(event, 'a write to an open token is an event');
  return event;
}

/** Says that some more is done, unless it is to end here. */
function step({ signal, onRecord }: DumpWatcher, count: number): void {
  signal.throwIfAborted();
  for (let at = 0; at < count; at++) onRecord();
}

const elsewhere = (kind: string, name: string) =>
  new DomainError('restore_refused', {
    reason: `there is a ${kind} ${name} already, which is not of this dump`,
  });

async function* batched<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<Item[]> {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
