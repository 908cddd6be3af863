import { AggregateStreams } from '../../../src/commands/aggregate-stream.js';
import { Branches } from '../../../src/commands/branch/branches.js';
import { CommitBranchHandler } from '../../../src/commands/branch/commit-branch.js';
import { CreateBranchHandler } from '../../../src/commands/branch/create-branch.js';
import { BranchDeletion } from '../../../src/commands/branch/branch-deletion.js';
import { BranchOperations } from '../../../src/commands/branch/branch-operations.js';
import { BranchTraffic } from '../../../src/commands/branch/branch-traffic.js';
import { DeleteBranchHandler } from '../../../src/commands/branch/delete-branch.js';
import { Intents } from '../../../src/commands/branch/intents.js';
import { Successors } from '../../../src/commands/branch/successor.js';
import { ConditionalWriter } from '../../../src/commands/object/conditional-writer.js';
import { StageObjectHandler } from '../../../src/commands/object/stage-object.js';
import { StagingWriter } from '../../../src/commands/object/staging-writer.js';
import { UnstageObjectsHandler } from '../../../src/commands/object/unstage-objects.js';
import { Places } from '../../../src/commands/places.js';
import { DeleteRepositoryHandler } from '../../../src/commands/repository/delete-repository.js';
import { RepositoryDeletion } from '../../../src/commands/repository/repository-deletion.js';
import { RestoreBranchHandler } from '../../../src/commands/undo/restore-branch.js';
import { UndoBranchHandler } from '../../../src/commands/undo/undo-branch.js';
import { Sweep } from '../../../src/commands/sweep.js';
import type { Clock } from '../../../src/ports/clock.js';
import type { CommittedStore } from '../../../src/ports/committed-store.js';
import { NoHooks } from '../../../src/app/no-hooks.js';
import type { HookRunner } from '../../../src/ports/hook-runner.js';
import type { EventLog } from '../../../src/ports/event-log.js';
import type { Ids } from '../../../src/ports/ids.js';
import type { KvStore } from '../../../src/ports/kv-store.js';
import { CommitsView } from '../../../src/projections/commits.view.js';
import { RepositoriesView } from '../../../src/projections/repositories.view.js';
import { TagsView } from '../../../src/projections/tags.view.js';
import { ListObjectsHandler } from '../../../src/queries/list-objects.js';
import { Moments } from '../../../src/queries/as-of/moments.js';
import { ReadsAt } from '../../../src/queries/read-at.js';
import { Refs } from '../../../src/queries/resolve-ref.js';

export interface NodePorts {
  readonly log: EventLog;
  readonly kv: KvStore;
  readonly committed: CommittedStore;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Left out: there are none. */
  readonly hooks?: HookRunner;
}

export interface NodeParts {
  readonly Branches?: typeof Branches;
  readonly Intents?: typeof Intents;
  readonly BranchOperations?: typeof BranchOperations;
  /** What conditional puts look with. */
  readonly ReadsAt?: typeof ReadsAt;
  readonly lookedInto?: (store: CommittedStore) => CommittedStore;
  readonly dropGraceMs?: number;
  /** Left out: each commit is of two appends. */
  readonly ownTokens?: number;
  /** Left out: a node helps whoever is first in a queue. */
  readonly napsMs?: readonly number[];
}

/** Of two nodes one makes a commit at once where it can, and one leaves a queue to the other. */
export const partsOf = (name: string, isPatient = true): NodeParts =>
  name.startsWith('B') ? { ownTokens: 10 } : isPatient ? { napsMs: [5, 10] } : {};

/** Nodes come and go by the thousand here, and a cache takes its room when it is made. */
const READ_MEMORY = { repositoriesMax: 10, refsMax: 10 };

/** A server's insides, wired as the app does: caches of its own over stores that all share. */
export class Node {
  readonly branches: Branches;
  readonly successors: Successors;
  readonly intents: Intents;
  readonly writer: StagingWriter;
  readonly branchDeletion: BranchDeletion;
  readonly repositoryDeletion: RepositoryDeletion;
  readonly places: Places;
  readonly streams: AggregateStreams;
  readonly sweep: Sweep;
  readonly stage: StageObjectHandler;
  readonly commit: CommitBranchHandler;
  readonly deleteBranch: DeleteBranchHandler;
  readonly deleteRepository: DeleteRepositoryHandler;
  readonly operations: BranchOperations;
  readonly conditional: ConditionalWriter;

  constructor(
    readonly ports: NodePorts,
    parts: NodeParts = {},
  ) {
    const { log, kv, clock } = ports;
    this.branches = new (parts.Branches ?? Branches)(log, {
      cachedBranches: 10,
      cachedOutcomes: 10,
      ownTokens: parts.ownTokens ?? 0,
    });
    const repositories = new RepositoriesView(kv);
    this.successors = new Successors(log, this.branches, repositories, clock);
    const traffic = new BranchTraffic(clock);
    const hooks = ports.hooks ?? new NoHooks();
    const withCommits = { ...ports, hooks, commits: new CommitsView(kv, { cachedCommits: 100 }) };
    const shared = [this.branches, this.successors, traffic] as const;
    const limits = { intentWaitMs: 60_000, napsMs: parts.napsMs ?? [] };
    this.intents = new (parts.Intents ?? Intents)(withCommits, ...shared, limits);
    const below = [this.branches, this.intents, this.successors, traffic] as const;
    this.writer = new StagingWriter(log, clock, ...below);
    this.branchDeletion = new BranchDeletion(clock, this.branches, this.intents);
    this.streams = new AggregateStreams(log, clock);
    this.repositoryDeletion = new RepositoryDeletion(kv, this.streams, this.branchDeletion);
    this.places = new Places(repositories);
    this.sweep = new Sweep(ports, this.intents, this.repositoryDeletion, {
      dropGraceMs: parts.dropGraceMs ?? 2_000,
    });
    this.stage = new StageObjectHandler(this.places, this.writer, clock);
    this.commit = new CommitBranchHandler(this.places, this.intents, clock, withCommits.commits);
    const deletes = [this.places, this.streams, this.repositoryDeletion] as const;
    this.deleteRepository = new DeleteRepositoryHandler(...deletes);
    const operations = [this.refs, this.branches, this.intents] as const;
    this.operations = new (parts.BranchOperations ?? BranchOperations)(
      kv,
      clock,
      this.places,
      ...operations,
    );
    const reads = new (parts.ReadsAt ?? ReadsAt)(kv, this.refs, this.moments, READ_MEMORY);
    const conditional = [this.branches, this.intents, this.writer, reads] as const;
    const trees = parts.lookedInto?.(ports.committed) ?? ports.committed;
    this.conditional = new ConditionalWriter(log, ...conditional, trees);
    this.deleteBranch = new DeleteBranchHandler(this.places, this.branchDeletion, this.intents);
  }

  #reads: ReadsAt | undefined;
  #refs: Refs | undefined;
  #moments: Moments | undefined;

  get moments(): Moments {
    const { log, clock } = this.ports;
    this.#moments ??= new Moments(log, clock, { changesMax: 1_000, bytesMax: 1_000_000 });
    return this.#moments;
  }

  get refs(): Refs {
    this.#refs ??= new Refs(new CommitsView(this.ports.kv, { cachedCommits: 100 }), this.moments);
    return this.#refs;
  }

  get reads(): ReadsAt {
    this.#reads ??= new ReadsAt(this.ports.kv, this.refs, this.moments, READ_MEMORY);
    return this.#reads;
  }

  get unstage(): UnstageObjectsHandler {
    const { kv, committed } = this.ports;
    const { places, branches, writer, reads } = this;
    return new UnstageObjectsHandler(places, branches, writer, reads, kv, committed);
  }

  get list(): ListObjectsHandler {
    return new ListObjectsHandler(this.reads, this.ports.committed);
  }

  get undo(): UndoBranchHandler {
    return new UndoBranchHandler(this.ports.log, this.branches, this.operations);
  }

  get restore(): RestoreBranchHandler {
    const { log, kv, clock } = this.ports;
    const from = [this.places, new TagsView(kv), this.branches, this.intents] as const;
    return new RestoreBranchHandler(log, clock, ...from);
  }

  get createBranch(): CreateBranchHandler {
    const { kv, clock } = this.ports;
    const from = [this.places, this.refs, new TagsView(kv), this.branches, this.reads] as const;
    return new CreateBranchHandler(kv, clock, ...from);
  }
}
