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
import { type Around, settled } from './around.js';

/** Counts and times the calls of a store. */
export function storeCalls(store: string, { stores }: Metrics): Around {
  return ({ method, run }) => {
    const beganAtMs = performance.now();
    return settled(run(), ({ error }) => {
      // That something is not there is an answer.
      const isDone = error === undefined || error instanceof BlockNotFound;
      stores.called(store, method, { isDone, tookMs: performance.now() - beganAtMs });
    });
  };
}

/** Counts and times appends, and counts the events that were new. */
export function logCalls({ log, events }: Metrics): Around {
  return ({ method, args, run }) => {
    if (method !== 'append') return run();
    const beganAtMs = performance.now();
    return settled(run(), ({ value, error }) => {
      const nowMs = performance.now();
      const results = value as readonly AppendResult[] | undefined;
      log.appended(results ? outcomeOf(results) : failureOf(error), nowMs - beganAtMs);
      if (results) countEvents(args[0] as readonly StreamAppend[], results, { events, nowMs });
    });
  };
}

function countEvents(
  appends: readonly StreamAppend[],
  results: readonly AppendResult[],
  { events, nowMs }: { events: EventMetrics; nowMs: number },
): void {
  for (const [index, append] of appends.entries()) {
    if (results[index]?.isRepeated === true) continue;
    for (const event of append.events) events.appended(event, nowMs);
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
  return ({ method, run }) => {
    const span = tracer.child({ name: `${name} ${method}`, kind: 'internal' });
    if (!span) return run();
    const result = tracer.within(span, run);
    if (!(result instanceof Promise)) span.end();
    return settled(result, ({ error }) => span.end(error));
  };
}
