import type { Provider } from '@nestjs/common';
import { AddressTokens } from '../commands/address/address-tokens.js';
import { BlockChecksums } from '../commands/address/block-checksums.js';
import { AggregateStreams } from '../commands/aggregate-stream.js';
import { Branches } from '../commands/branch/branches.js';
import { BranchDeletion } from '../commands/branch/branch-deletion.js';
import { BranchOperations } from '../commands/branch/branch-operations.js';
import { BranchTraffic } from '../commands/branch/branch-traffic.js';
import { FOLLOWER_NAPS_MS } from '../commands/branch/follower.js';
import { Intents } from '../commands/branch/intents.js';
import { Successors } from '../commands/branch/successor.js';
import { ConditionalWriter } from '../commands/object/conditional-writer.js';
import { SweepUploads } from '../commands/multipart/sweep-uploads.js';
import { Uploads } from '../commands/multipart/uploads.js';
import { StagingWriter } from '../commands/object/staging-writer.js';
import { Places } from '../commands/places.js';
import { RepositoryDeletion } from '../commands/repository/repository-deletion.js';
import { RuleEnforcement } from '../commands/repository/rule-enforcement.js';
import { SweepRules } from '../commands/repository/sweep-rules.js';
import { BlockStore } from '../ports/block-store.js';
import { Clock } from '../ports/clock.js';
import { CommittedStore } from '../ports/committed-store.js';
import { EventLog } from '../ports/event-log.js';
import { HookRunner } from '../ports/hook-runner.js';
import { Ids } from '../ports/ids.js';
import { KvStore } from '../ports/kv-store.js';
import { CommitsView } from '../projections/commits.view.js';
import { RepositoriesView } from '../projections/repositories.view.js';
import { Refs } from '../queries/resolve-ref.js';
import { ReadsAt } from '../queries/read-at.js';
import { FindObject } from '../queries/stat-object.js';

/** Folds and results kept at hand; a fold that was let go is read again from its quiet point. */
const BRANCH_LIMITS = { cachedBranches: 10_000, cachedOutcomes: 10_000, ownTokens: 1_000 };
/** What two nodes' clocks may differ by, with much to spare. */
const CLOCKS_APART_MS = 60 * 60 * 1000;
const INTENT_LIMITS = { intentWaitMs: 10 * 60 * 1000, napsMs: FOLLOWER_NAPS_MS };

/** What intents are built from, as one value. */
class IntentPorts {
  constructor(
    readonly log: EventLog,
    readonly kv: KvStore,
    readonly committed: CommittedStore,
    readonly clock: Clock,
    readonly commits: CommitsView,
    readonly hooks: HookRunner,
    readonly ids: Ids,
  ) {}
}

/** What the commands share: the streams, and who helps whom. */
export const streams: Provider[] = [
  {
    provide: AggregateStreams,
    inject: [EventLog, Clock],
    useFactory: (log: EventLog, clock: Clock) => new AggregateStreams(log, clock),
  },
  {
    provide: Branches,
    inject: [EventLog],
    useFactory: (log: EventLog) => new Branches(log, BRANCH_LIMITS),
  },
  {
    provide: Successors,
    inject: [EventLog, Branches, RepositoriesView, Clock],
    useFactory: (log: EventLog, branches: Branches, view: RepositoriesView, clock: Clock) =>
      new Successors(log, branches, view, clock),
  },
  {
    provide: BranchTraffic,
    inject: [Clock],
    useFactory: (clock: Clock) => new BranchTraffic(clock),
  },
  {
    provide: IntentPorts,
    inject: [EventLog, KvStore, CommittedStore, Clock, CommitsView, HookRunner, Ids],
    useFactory: (...from: ConstructorParameters<typeof IntentPorts>) => new IntentPorts(...from),
  },
  {
    provide: Intents,
    inject: [IntentPorts, Branches, Successors, BranchTraffic],
    useFactory: (ports: IntentPorts, ...parts: [Branches, Successors, BranchTraffic]) =>
      new Intents(ports, ...parts, INTENT_LIMITS),
  },
  {
    provide: StagingWriter,
    inject: [EventLog, Clock, Branches, Intents, Successors, BranchTraffic],
    useFactory: (...from: [EventLog, Clock, Branches, Intents, Successors, BranchTraffic]) =>
      new StagingWriter(...from),
  },
  {
    provide: ConditionalWriter,
    inject: [EventLog, Branches, Intents, StagingWriter, ReadsAt, CommittedStore],
    useFactory: (...from: ConstructorParameters<typeof ConditionalWriter>) =>
      new ConditionalWriter(...from),
  },
  {
    provide: FindObject,
    inject: [ReadsAt, CommittedStore],
    useFactory: (reads: ReadsAt, committed: CommittedStore) => new FindObject(reads, committed),
  },
  {
    provide: BranchOperations,
    inject: [KvStore, Clock, Places, Refs, Branches, Intents],
    useFactory: (...from: [KvStore, Clock, Places, Refs, Branches, Intents]) =>
      new BranchOperations(...from),
  },
  {
    provide: BlockChecksums,
    inject: [BlockStore],
    useFactory: (blocks: BlockStore) => new BlockChecksums(blocks),
  },
  {
    provide: Uploads,
    inject: [KvStore, AggregateStreams, AddressTokens],
    useFactory: (...from: [KvStore, AggregateStreams, AddressTokens]) => new Uploads(...from),
  },
  {
    provide: SweepUploads,
    inject: [KvStore, BlockStore, Clock, Ids, AggregateStreams, AddressTokens],
    useFactory: (
      kv: KvStore,
      blocks: BlockStore,
      clock: Clock,
      ids: Ids,
      ...[aggregates, { ttlMs }]: [AggregateStreams, AddressTokens]
    ) => {
      const uploadTtlMs = ttlMs + CLOCKS_APART_MS;
      return new SweepUploads({ kv, blocks, clock, ids }, aggregates, { uploadTtlMs });
    },
  },
  {
    provide: BranchDeletion,
    inject: [Clock, Branches, Intents],
    useFactory: (...from: [Clock, Branches, Intents]) => new BranchDeletion(...from),
  },
  {
    provide: RepositoryDeletion,
    inject: [KvStore, AggregateStreams, BranchDeletion],
    useFactory: (...from: [KvStore, AggregateStreams, BranchDeletion]) =>
      new RepositoryDeletion(...from),
  },
  {
    provide: RuleEnforcement,
    inject: [KvStore, AggregateStreams, Successors],
    useFactory: (kv: KvStore, of: AggregateStreams, { protection }: Successors) =>
      new RuleEnforcement(kv, of, protection),
  },
  {
    provide: SweepRules,
    inject: [Ids, RepositoriesView, RuleEnforcement],
    useFactory: (...from: [Ids, RepositoriesView, RuleEnforcement]) => new SweepRules(...from),
  },
  {
    provide: Places,
    inject: [RepositoriesView],
    useFactory: (repositories: RepositoriesView) => new Places(repositories),
  },
];
