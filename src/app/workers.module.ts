import type { DynamicModule } from '@nestjs/common';
import { Branches } from '../commands/branch/branches.js';
import { TokenFolding } from '../commands/branch/fold-tokens.js';
import { Intents } from '../commands/branch/intents.js';
import { SweepFolds } from '../commands/branch/sweep-folds.js';
import { SweepUploads } from '../commands/multipart/sweep-uploads.js';
import { RepositoryDeletion } from '../commands/repository/repository-deletion.js';
import { SweepRules } from '../commands/repository/sweep-rules.js';
import { Sweep } from '../commands/sweep.js';
import { Clock } from '../ports/clock.js';
import { EventLog } from '../ports/event-log.js';
import { Ids } from '../ports/ids.js';
import { KvStore } from '../ports/kv-store.js';
import { CommandsModule } from './commands.module.js';
import { helperProvider } from './helper.provider.js';
import { Sweeper, type SweeperOptions } from './sweeper.js';

const SWEEP_EVERY_MS = 10_000;
/** Longer than a snapshot may be held, and than a build may take. */
const DROP_GRACE_MS = 15 * 60 * 1000;

export class WorkersModule {
  static with(heard: Pick<SweeperOptions, 'onError' | 'onDone'>): DynamicModule {
    const sweep = {
      provide: Sweep,
      inject: [EventLog, KvStore, Clock, Ids, Intents, RepositoryDeletion],
      useFactory: (
        log: EventLog,
        kv: KvStore,
        clock: Clock,
        ids: Ids,
        ...rest: [Intents, RepositoryDeletion]
      ) => new Sweep({ log, kv, clock, ids }, ...rest, { dropGraceMs: DROP_GRACE_MS }),
    };
    const folds = {
      provide: SweepFolds,
      inject: [KvStore, Clock, Ids, Branches],
      useFactory: (kv: KvStore, clock: Clock, ids: Ids, branches: Branches) =>
        new SweepFolds({ kv, clock, ids }, new TokenFolding(kv, branches)),
    };
    const sweeper = {
      provide: Sweeper,
      inject: [Clock, Sweep, SweepFolds, SweepUploads, SweepRules],
      useFactory: (clock: Clock, ...sweeps: [Sweep, SweepFolds, SweepUploads, SweepRules]) =>
        new Sweeper(sweeps, clock, { everyMs: SWEEP_EVERY_MS, jitter: Math.random, ...heard }),
    };
    const helper = helperProvider(heard);
    return {
      module: WorkersModule,
      imports: [CommandsModule],
      providers: [sweep, folds, sweeper, helper],
      exports: [sweeper, helper],
    };
  }
}
