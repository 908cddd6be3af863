import { Logger, type Provider } from '@nestjs/common';
import { AggregateStreams } from '../commands/aggregate-stream.js';
import { Branches } from '../commands/branch/branches.js';
import { Intents } from '../commands/branch/intents.js';
import { ImportJobs } from '../commands/import/import-jobs.js';
import { Jobs } from '../commands/jobs.js';
import { StagingWriter } from '../commands/object/staging-writer.js';
import { DumpRefs } from '../migration/dump-refs.js';
import { RefsJobs } from '../migration/refs-jobs.js';
import { RestoreRefs } from '../migration/restore-refs.js';
import { BlockStore } from '../ports/block-store.js';
import { Clock } from '../ports/clock.js';
import { CommittedStore } from '../ports/committed-store.js';
import { EventLog } from '../ports/event-log.js';
import { Ids } from '../ports/ids.js';
import { KvStore } from '../ports/kv-store.js';
import { CommitsView } from '../projections/commits.view.js';
import { JobsView } from '../projections/jobs.view.js';
import { partitions } from '../projections/kv-keys.js';
import { RepositoriesView } from '../projections/repositories.view.js';
import { TagsView } from '../projections/tags.view.js';
import { JobKeeper } from './job-keeper.js';

const LIMITS = {
  jobsMax: 4,
  /** Several signs of life are missing then. */
  silentMs: 8_000,
  keptMs: 24 * 60 * 60 * 1000,
};

const logger = new Logger('jobs');
const onError = (error: unknown): void =>
  logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));

/** Work that nobody waits for. */
export const jobs: Provider[] = [
  {
    provide: ImportJobs,
    inject: [EventLog, BlockStore, CommittedStore, Clock, KvStore, RepositoriesView, Intents],
    useFactory: (
      log: EventLog,
      blocks: BlockStore,
      committed: CommittedStore,
      clock: Clock,
      ...[kv, repositories, intents]: [KvStore, RepositoriesView, Intents]
    ) => {
      const view = new JobsView(kv, partitions.importJobs);
      const streams = new AggregateStreams(log, clock);
      const ports = { log, blocks, committed, clock };
      return new ImportJobs(ports, view, repositories, streams, intents);
    },
  },
  {
    provide: DumpRefs,
    inject: [KvStore, BlockStore],
    useFactory: (kv: KvStore, blocks: BlockStore) => new DumpRefs(kv, blocks),
  },
  {
    provide: RestoreRefs,
    inject: [EventLog, BlockStore, Clock, Branches, StagingWriter, CommitsView, TagsView],
    useFactory: (
      log: EventLog,
      blocks: BlockStore,
      clock: Clock,
      ...rest: [Branches, StagingWriter, CommitsView, TagsView]
    ) => {
      const streams = new AggregateStreams(log, clock);
      return new RestoreRefs({ log, blocks, clock }, streams, ...rest);
    },
  },
  {
    provide: RefsJobs,
    inject: [EventLog, Clock, KvStore, RepositoriesView, DumpRefs, RestoreRefs],
    useFactory: (
      log: EventLog,
      clock: Clock,
      kv: KvStore,
      ...rest: [RepositoriesView, DumpRefs, RestoreRefs]
    ) => new RefsJobs({ log, clock }, new JobsView(kv, partitions.refsJobs), ...rest),
  },
  {
    provide: Jobs,
    inject: [Ids, Clock, ImportJobs, RefsJobs],
    useFactory: (ids: Ids, clock: Clock, ...kinds: [ImportJobs, RefsJobs]) =>
      new Jobs(ids.commandId(), kinds, clock, LIMITS, onError),
  },
  {
    provide: JobKeeper,
    inject: [Jobs, Clock],
    useFactory: (found: Jobs, clock: Clock) => new JobKeeper(found, clock, onError),
  },
];
