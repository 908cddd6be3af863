import type { DynamicModule } from '@nestjs/common';
import { Branches } from '../commands/branch/branches.js';
import { TokenFolding } from '../commands/branch/fold-tokens.js';
import { Intents } from '../commands/branch/intents.js';
import { SweepFolds } from '../commands/branch/sweep-folds.js';
import { SweepUploads } from '../commands/multipart/sweep-uploads.js';
import { RepositoryDeletion } from '../commands/repository/repository-deletion.js';
import { SweepRules } from '../commands/repository/sweep-rules.js';
import { HelpPending } from '../commands/help-pending.js';
import { Sweep } from '../commands/sweep.js';
import { Clock } from '../ports/clock.js';
import { EventLog } from '../ports/event-log.js';
import { Ids } from '../ports/ids.js';
import { KvStore } from '../ports/kv-store.js';
import { CommandsModule } from './commands.module.js';
import { Sweeper, type SweeperOptions } from './sweeper.js';

const SWEEP_EVERY_MS = 10_000;
/** So that an intent is completed within two seconds though its requester died, or is held up. */
const HELP_EVERY_MS = 250;
const HELP_PATIENCE_MS = 750;
/** Longer than a snapshot may be held, and than a build may take. */
const DROP_GRACE_MS = 15 * 60 * 1000;

/** Completes intents that nobody else completes. */
export class Helper extends Sweeper {}

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
    const { onError } = heard;
    const helper = {
      provide: Helper,
      inject: [KvStore, Clock, Ids, Intents],
      useFactory: (kv: KvStore, clock: Clock, ids: Ids, intents: Intents) => {
        const limits = { patienceMs: HELP_PATIENCE_MS, onError };
        const help = new HelpPending({ kv, clock, ids }, intents, limits);
        const options = { everyMs: HELP_EVERY_MS, jitter: Math.random, onError };
        return new Helper([help], clock, { ...options, onDone: () => undefined });
      },
    };
    return {
      module: WorkersModule,
      imports: [CommandsModule],
      providers: [sweep, folds, sweeper, helper],
      exports: [sweeper, helper],
    };
  }
}
