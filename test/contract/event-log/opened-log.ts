import type { EventLog } from '../../../src/ports/event-log.js';
import type { KvStore } from '../../../src/ports/kv-store.js';

/** A log, the views that its appends write, and how to end both. */
export interface OpenedLog {
  readonly log: EventLog;
  readonly kv: KvStore;
  close(): Promise<void>;
}
