import { StepwiseEventLog } from '../../../src/event-log/stepwise-event-log.js';
import type { SingleStreamStore } from '../../../src/event-log/single-stream-store.js';
import type { EventLog, StreamAppend } from '../../../src/ports/event-log.js';
import type { Scheduler } from './scheduler.js';
import { BatchedLog } from './batched-log.js';
import { SteppedLog, type AppendFault } from './stepped-log.js';
import { SteppedStreams } from './stepped-streams.js';
import type { World } from './world.js';

/** Whether groups are whole, or steps of their own. */
export type LogKind = EventLog['groups'];

export const LOG_KINDS: readonly LogKind[] = ['whole', 'stepwise'];

export interface NodeLogOptions {
  readonly kind: LogKind;
  /** What waits at a node goes as one call, where groups are whole. */
  readonly isBatched?: boolean | undefined;
  readonly node: string;
  readonly scheduler: Scheduler;
  readonly fault: (isAhead: boolean) => AppendFault | undefined;
  /** What is made wrong on purpose where the log judges, and with what is sent again. */
  readonly store?: ((log: EventLog) => EventLog) | undefined;
  /** The same of a store of single streams, as a node asks it. */
  readonly streams?: ((store: SingleStreamStore) => SingleStreamStore) | undefined;
  /** Resolves when the views show what has landed up to a position; left out: they do at once. */
  readonly shown?: ((position: number) => Promise<void>) | undefined;
  /** Gives out what the views do not show yet: what is made wrong on purpose. */
  readonly givesOutEarly?: boolean | undefined;
  readonly resent?: ((appends: readonly StreamAppend[]) => readonly StreamAppend[]) | undefined;
}

/** Returns the world's log as one node sees it, of a kind. */
export function nodeLog(world: World, options: NodeLogOptions): EventLog {
  const { kind, node, scheduler, fault, store, streams, resent, shown, givesOutEarly } = options;
  if (kind === 'whole') {
    const log = store?.(world.log) ?? world.log;
    const Log = options.isBatched ? BatchedLog : SteppedLog;
    return new Log(log, { node, scheduler, fault, ...(resent && { resent }) });
  }
  const stepped = new SteppedStreams(world.streams, {
    node,
    scheduler,
    fault: () => fault(false),
    shown: givesOutEarly ? undefined : shown,
  });
  return new StepwiseEventLog({
    store: streams?.(stepped) ?? stepped,
    // Nodes come and go by the thousand here, and a cache takes its room when it is made.
    streamsMax: 50,
    ...(shown && { shown }),
  });
}
