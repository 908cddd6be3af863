import type { EventMetrics } from '../observability/event-metrics.js';
import type { AppendOutcome } from '../observability/log-metrics.js';
import type { Metrics } from '../observability/metrics.js';
import type { Tracer } from '../observability/tracer.js';
import type { AppendResult, StreamAppend } from '../ports/event-log.js';
import {
  BlockNotFound,
  EventRefused,
  StoreUnavailable,
  UnknownOutcome,
  WrongExpectedRevision,
} from '../ports/store-errors.js';
import { type Around, type Call, settled } from './around.js';

/** Counts and times the calls of a store. */
export function storeCalls(store: string, { stores }: Metrics): Around {
  return (method) => {
    const calls = stores.callsOf(store, method);
    return (_, run) => {
      const beganAtMs = performance.now();
      return settled(run(), ({ error }) => {
        // That something is not there is an answer.
        const isDone = error === undefined || error instanceof BlockNotFound;
        calls.ended(isDone, performance.now() - beganAtMs);
      });
    };
  };
}

/** Counts and times appends, and counts the events that were new. */
export function logCalls({ log, events }: Metrics): Around {
  const append: Call = ([appends], run) => {
    const beganAtMs = performance.now();
    return settled(run(), ({ value, error }) => {
      const nowMs = performance.now();
      const results = value as readonly AppendResult[] | undefined;
      log.appended(results ? outcomeOf(results) : failureOf(error), nowMs - beganAtMs);
      if (results) countEvents(appends as readonly StreamAppend[], results, { events, nowMs });
    });
  };
  return (method) => (method === 'append' ? append : undefined);
}

function countEvents(
  appends: readonly StreamAppend[],
  results: readonly AppendResult[],
  { events, nowMs }: { events: EventMetrics; nowMs: number },
): void {
  for (let index = 0; index < appends.length; index++) {
    if (results[index]?.isRepeated === true) continue;
    for (const event of appends[index]?.events ?? []) events.appended(event, nowMs);
  }
}

const outcomeOf = (results: readonly AppendResult[]): AppendOutcome =>
  results.every(({ isRepeated }) => isRepeated) ? 'repeated' : 'accepted';

function failureOf(error: unknown): AppendOutcome {
  if (error instanceof WrongExpectedRevision) return 'refused';
  if (error instanceof UnknownOutcome) return 'unknown';
  if (error instanceof StoreUnavailable) return 'unavailable';
  return error instanceof EventRefused ? 'invalid' : 'failed';
}

/** Gives each call a span, within a trace. */
export function spansOf(name: string, tracer: Tracer): Around {
  return (method) => {
    const start = { name: `${name} ${method}`, kind: 'internal' } as const;
    return (_, run) => {
      const span = tracer.child(start);
      if (!span) return run();
      const result = tracer.within(span, run);
      if (!(result instanceof Promise)) span.end();
      return settled(result, ({ error }) => span.end(error));
    };
  };
}
