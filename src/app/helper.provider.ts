import { Intents } from '../commands/branch/intents.js';
import { HelpPending } from '../commands/help-pending.js';
import { Clock } from '../ports/clock.js';
import { Ids } from '../ports/ids.js';
import { KvStore } from '../ports/kv-store.js';
import { Sweeper, type SweeperOptions } from './sweeper.js';

/** So that an intent is completed within two seconds though its requester died, or is held up. */
const HELP_EVERY_MS = 250;
const HELP_PATIENCE_MS = 750;

/** Completes intents that nobody else completes. */
export class Helper extends Sweeper {}

export const helperProvider = ({ onError }: Pick<SweeperOptions, 'onError'>) => ({
  provide: Helper,
  inject: [KvStore, Clock, Ids, Intents],
  useFactory: (kv: KvStore, clock: Clock, ids: Ids, intents: Intents) => {
    const limits = { patienceMs: HELP_PATIENCE_MS, onError };
    const help = new HelpPending({ kv, clock, ids }, intents, limits);
    const options = { everyMs: HELP_EVERY_MS, jitter: Math.random, onError };
    return new Helper([help], clock, { ...options, onDone: () => undefined });
  },
});
