import type { DynamicModule } from '@nestjs/common';
import { BlockStore } from '../ports/block-store.js';
import { Clock } from '../ports/clock.js';
import { CommittedStore } from '../ports/committed-store.js';
import { EventLog } from '../ports/event-log.js';
import { HookRunner } from '../ports/hook-runner.js';
import { Ids } from '../ports/ids.js';
import { KvStore } from '../ports/kv-store.js';
import { Secrets } from '../ports/secrets.js';
import { NoHooks } from './no-hooks.js';

/** One adapter behind each port; who they are is decided where they are opened. */
export interface Adapters {
  readonly log: EventLog;
  readonly kv: KvStore;
  readonly blocks: BlockStore;
  readonly committed: CommittedStore;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly secrets: Secrets;
  /** Left out: there are no hooks. */
  readonly hooks?: HookRunner;
}

export class AdaptersModule {
  /** Hands opened adapters to every other module, each under its port. */
  static of(adapters: Adapters): DynamicModule {
    const providers = [
      { provide: EventLog, useValue: adapters.log },
      { provide: KvStore, useValue: adapters.kv },
      { provide: BlockStore, useValue: adapters.blocks },
      { provide: CommittedStore, useValue: adapters.committed },
      { provide: Clock, useValue: adapters.clock },
      { provide: Ids, useValue: adapters.ids },
      { provide: Secrets, useValue: adapters.secrets },
      { provide: HookRunner, useValue: adapters.hooks ?? new NoHooks() },
    ];
    return { module: AdaptersModule, global: true, providers, exports: providers };
  }
}
