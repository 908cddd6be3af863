import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { Tallies, type Tally } from './tallies.js';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600];
/** Intents whose result is waited for; one more, and the oldest is not counted any further. */
const FOLLOWED_MAX = 10_000;

/** Of an event what is counted; its data is read as far as it is known. */
export interface CountedEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Followed {
  readonly kind: string;
  readonly sinceMs: number;
}

/**
 * What the events that this process appended say: how many of each type, which intents were asked
 * for, what became of them and how long that took. The log has it all, so nobody else need count.
 */
export class EventMetrics {
  readonly #events: Tallies<'type'>;
  readonly #types = new Map<string, Tally>();
  readonly #requested: Counter<'kind'>;
  readonly #completed: Counter<'result'>;
  readonly #failed: Counter<'reason'>;
  readonly #wait: Histogram<'kind'>;
  readonly #tokens: Counter<'change'>;
  readonly #followed = new Map<string, Followed>();

  constructor(registry: Registry) {
    const registers = [registry];
    const followed = this.#followed;
    const counter = <Label extends string>(name: string, help: string, label: Label) =>
      new Counter({ name, help, labelNames: [label], registers });
    this.#events = new Tallies(registry, {
      name: 'moraine_events_total',
      help: 'Events that this process appended.',
      labels: ['type'],
    });
    this.#requested = counter(
      'moraine_intents_requested_total',
      'Intents (commits, merges, …) that went into the queue of a branch.',
      'kind',
    );
    this.#completed = counter(
      'moraine_intents_completed_total',
      'Results that this process recorded, of its own intents and of others.',
      'result',
    );
    this.#failed = counter(
      'moraine_intents_failed_total',
      'Intents that this process recorded as failed, by reason.',
      'reason',
    );
    this.#wait = new Histogram({
      name: 'moraine_intent_wait_seconds',
      help: 'From the request of an intent to its result, both by this process.',
      labelNames: ['kind'],
      buckets: SECONDS,
      registers,
    });
    registry.registerMetric(
      new Gauge({
        name: 'moraine_intents_waiting',
        help: 'Intents that this process requested and has seen no result of.',
        registers: [],
        collect() {
          this.set(followed.size);
        },
      }),
    );
    this.#tokens = counter(
      'moraine_staging_tokens_total',
      'Staging tokens that this process opened, and that it closed.',
      'change',
    );
    for (const change of ['opened', 'closed']) this.#tokens.labels(change).inc(0);
  }

  /** Counts one event; `nowMs` is of a clock that only goes forward. */
  appended({ type, data }: CountedEvent, nowMs: number): void {
    (this.#types.get(type) ?? this.#countOf(type)).add();
    if (type === 'IntentRequested') this.#request(data['intent'], nowMs);
    else if (type === 'TokenOpened') this.#tokens.inc({ change: 'opened' });
    else if (type === 'TokenClosed') this.#tokens.inc({ change: 'closed' });
    else if (typeof data['intentId'] === 'string') this.#result(type, data, nowMs);
  }

  #countOf(type: string): Tally {
    const tally = this.#events.of({ type });
    this.#types.set(type, tally);
    return tally;
  }

  #request(intent: unknown, nowMs: number): void {
    const { id, wish } = (intent ?? {}) as { id?: string; wish?: { kind?: string } };
    const kind = word(wish?.kind);
    this.#requested.inc({ kind });
    if (id === undefined) return;
    this.#followed.set(id, { kind, sinceMs: nowMs });
    const [oldest] = this.#followed.keys();
    if (this.#followed.size > FOLLOWED_MAX && oldest) this.#followed.delete(oldest);
  }

  #result(type: string, data: CountedEvent['data'], nowMs: number): void {
    if (!RESULTS.has(type)) return;
    this.#completed.inc({ result: type });
    if (type === 'IntentFailed') this.#failed.inc({ reason: word(data['reason']) });
    const id = String(data['intentId']);
    const followed = this.#followed.get(id);
    if (!followed) return;
    this.#followed.delete(id);
    this.#wait.observe({ kind: followed.kind }, (nowMs - followed.sinceMs) / 1000);
  }
}

/** Other events, as a hook's claim, name their intent without ending it. */
const RESULTS: ReadonlySet<string> = new Set([
  'Committed',
  'Merged',
  'HeadMoved',
  'StagingDiscarded',
  'Undone',
  'IntentFailed',
  'BranchDeleted',
]);

/** A label's value is a word of ours, never what a user wrote. */
function word(value: unknown): string {
  return typeof value === 'string' && /^[a-z][a-z_-]{0,39}$/.test(value) ? value : 'other';
}
