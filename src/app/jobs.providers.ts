import { Logger, type Provider } from '@nestjs/common';
import { AggregateStreams } from '../commands/aggregate-stream.js';
import { Intents } from '../commands/branch/intents.js';
import { ImportJobs } from '../commands/import/import-jobs.js';
import { Jobs } from '../commands/jobs.js';
import { BlockStore } from '../ports/block-store.js';
import { Clock } from '../ports/clock.js';
import { CommittedStore } from '../ports/committed-store.js';
import { EventLog } from '../ports/event-log.js';
import { Ids } from '../ports/ids.js';
import { KvStore } from '../ports/kv-store.js';
import { JobsView } from '../projections/jobs.view.js';
import { partitions } from '../projections/kv-keys.js';
import { RepositoriesView } from '../projections/repositories.view.js';
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
    inject: [
      EventLog,
      BlockStore,
      CommittedStore,
      Clock,
      KvStore,
      RepositoriesView,
      AggregateStreams,
      Intents,
    ],
    useFactory: (
      log: EventLog,
      blocks: BlockStore,
      committed: CommittedStore,
      clock: Clock,
      ...[kv, ...rest]: [KvStore, RepositoriesView, AggregateStreams, Intents]
    ) => {
      const view = new JobsView(kv, partitions.importJobs);
      return new ImportJobs({ log, blocks, committed, clock }, view, ...rest);
    },
  },
  {
    provide: Jobs,
    inject: [Ids, Clock, ImportJobs],
    useFactory: (ids: Ids, clock: Clock, imports: ImportJobs) =>
      new Jobs(ids.commandId(), [imports], clock, LIMITS, onError),
  },
  {
    provide: JobKeeper,
    inject: [Jobs, Clock],
    useFactory: (found: Jobs, clock: Clock) => new JobKeeper(found, clock, onError),
  },
];
