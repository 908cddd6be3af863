import type { EventLog, StreamAppend } from '../../../src/ports/event-log.js';
import type { CommittedStore } from '../../../src/ports/committed-store.js';
import type { NodeParts } from './node.js';

/** What is made wrong on purpose, to see that it is found. */
export interface Defect {
  readonly name?: string;
  /** Stands between a node's commands and the log as the node sees it. */
  readonly log?: (log: EventLog) => EventLog;
  /** Stands where the log judges. */
  readonly store?: (log: EventLog) => EventLog;
  readonly resent?: (appends: readonly StreamAppend[]) => readonly StreamAppend[];
  readonly committed?: (store: CommittedStore, node: string) => CommittedStore;
  readonly parts?: NodeParts;
}
