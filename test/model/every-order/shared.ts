import type { StreamAppend } from '../../../src/ports/event-log.js';
import type { KvRow } from '../../../src/ports/kv-store.js';
import { EventRefused, WrongExpectedRevision } from '../../../src/ports/store-errors.js';
import { newEventOf } from '../../support/memory-single-streams.js';
import type { Reference } from '../branch-protocol/reference.js';
import { must } from '../branch-protocol/violation.js';
import type { World } from '../branch-protocol/world.js';
import { again, textOf, unanswered, type Call, type Reply } from './calls.js';
import { HOOKS, LogJudge, type LogFacts } from './log-judge.js';
import {
  endOf,
  historyOf,
  LogStates,
  POSITION,
  readStream,
  recorded,
  type Appended,
  type LogState,
  type StoredEvent,
} from './log-states.js';

/** What a call comes to, on a log. */
export interface Outcome {
  readonly log: number;
  readonly reply: number;
}

const COMMITS = /^commits\//;
/** Calls and logs are fewer than this. */
const MANY = 2 ** 26;

/**
 * What all callers share: the log, and its views. Each call is asked once of each log, and each
 * event that lands somewhere new is shown to the reference.
 */
export class Shared {
  readonly logs: LogStates;
  readonly #judge: LogJudge;
  readonly calls: Call[] = [{ kind: 'nap' }];
  readonly replies: Reply[] = [{ kind: 'nothing' }, unanswered, again];
  /** What was asked last. */
  asking: readonly [log: number, call: number] = [0, 0];
  readonly #callIds = new Map<string, number>();
  readonly #replyIds = new Map<string, number>();
  readonly #outcomes = new Map<number, Outcome>();

  /** @param isConditional  says of a command whether it writes only where nothing is */
  constructor(
    private readonly world: World,
    isConditional: (commandId: string) => boolean,
    judgesOpennessFirst: boolean,
  ) {
    this.logs = new LogStates(judgesOpennessFirst);
    this.#judge = new LogJudge(world, isConditional);
  }

  get facts(): readonly LogFacts[] {
    return this.#judge.facts;
  }

  reference(log: number): Reference {
    return this.#judge.reference(this.#log(log));
  }

  /** Returns the log that the world begins with. */
  async begin(): Promise<LogState> {
    const events = await this.world.log.readAll({ after: 0, limit: 1_000 });
    const log = this.logs.of(events);
    for (const { before, appended } of this.logs.logs) {
      if (before) this.#judge.learn(appended);
    }
    await this.#judge.first(log);
    return log;
  }

  readonly words = {
    idOf: (call: Call): number => {
      const text = textOf(call);
      const known = this.#callIds.get(text);
      if (known !== undefined) return known;
      this.#callIds.set(text, this.calls.length);
      return this.calls.push(call) - 1;
    },
    reply: (id: number): Reply => this.replies[id] as Reply,
  };

  /** Returns what a call comes to; undefined: nobody has asked. */
  known(log: number, call: number): Outcome | undefined {
    return this.#outcomes.get(log * MANY + call);
  }

  /** @throws Violation  what lands must not */
  async ask(log: number, call: number): Promise<Outcome> {
    this.asking = [log, call];
    const outcome = await this.#ask(this.#log(log), this.calls[call] as Call);
    this.#outcomes.set(log * MANY + call, outcome);
    return outcome;
  }

  /** Whether a call finds the same from now on, whatever lands. */
  isSettled(log: number, call: number): boolean {
    const wanted = this.calls[call];
    switch (wanted?.kind) {
      case 'look':
        return wanted.at !== undefined || this.#isOfCommits(log, call, wanted);
      case 'read':
      case 'find':
      case 'end':
        return endOf(this.#log(log), wanted.stream).isClosed;
      default:
        return false;
    }
  }

  /** A commit that is there stays as it is. */
  #isOfCommits(log: number, call: number, { reads }: Extract<Call, { kind: 'look' }>): boolean {
    if (!reads.every(({ kind, partition }) => kind === 'get' && COMMITS.test(partition))) {
      return false;
    }
    const reply = this.replies[this.known(log, call)?.reply ?? 0];
    return reply?.kind === 'rows' && reply.rows.every((rows) => rows.length > 0);
  }

  eventsOf(log: number): readonly StoredEvent[] {
    return historyOf(this.#log(log));
  }

  #log(id: number): LogState {
    return this.logs.logs[id] as LogState;
  }

  async #ask(log: LogState, call: Call): Promise<Outcome> {
    switch (call.kind) {
      case 'append':
        return this.#landed(log, this.logs.append(log, call.appends, call.context));
      case 'append at':
        return this.#appendedAt(log, call);
      case 'hook':
        return this.#hook(log, call);
      case 'read':
        return this.#events(log, readStream(log, call.stream, call.options));
      case 'find': {
        const found = log.streams.get(call.stream)?.byId.get(call.id);
        return this.#events(log, found ? [found] : []);
      }
      case 'end': {
        const end = endOf(log, call.stream);
        return this.#said(log, `end ${JSON.stringify(end)}`, { kind: 'end', end });
      }
      case 'look': {
        const of = call.at === undefined ? log : this.#log(call.at);
        const rows = (await this.#judge.view(of).read(call.reads)).map((each) =>
          each.map(plainRow),
        );
        const text = JSON.stringify(
          rows.map((each) => each.map(({ key, version }) => [hex(key), version])),
        );
        return this.#said(log, `rows ${text}`, { kind: 'rows', rows });
      }
      case 'pin':
        return this.#said(log, `log ${log.id}`, { kind: 'pinned', log: log.id });
      case 'nap':
      case 'sleep':
        return { log: log.id, reply: 0 };
    }
  }

  #said(log: LogState, text: string, reply: Reply): Outcome {
    const known = this.#replyIds.get(text);
    if (known !== undefined) return { log: log.id, reply: known };
    this.#replyIds.set(text, this.replies.length);
    return { log: log.id, reply: this.replies.push(reply) - 1 };
  }

  #events(log: LogState, events: readonly StoredEvent[]): Outcome {
    const told = events.map(({ key, ...event }) => [key && hex(key), event]);
    const text = `events ${JSON.stringify(told)}`;
    const fresh = () => events.map((event) => ({ ...recorded(event), key: event.key }));
    return this.#said(log, text, { kind: 'events', events: fresh });
  }

  async #landed(log: LogState, appended: Appended): Promise<Outcome> {
    if (appended.kind === 'refused') return this.#refused(log, appended.error);
    const { results } = appended;
    if (appended.kind === 'accepted') await this.#judge.pass(log, appended);
    const next = appended.kind === 'accepted' ? appended.log : log;
    return this.#said(next, `results ${JSON.stringify(results)}`, { kind: 'results', results });
  }

  #refused(log: LogState, error: Error): Outcome {
    const anew = () =>
      error instanceof WrongExpectedRevision
        ? new WrongExpectedRevision(error.stream, error.expected, error.actual, error.reason)
        : new EventRefused(error.message);
    return this.#said(log, `${error.name} ${error.message}`, { kind: 'error', error: anew });
  }

  /** At an exact revision what stands right behind it already is taken for written. */
  async #appendedAt(log: LogState, call: Extract<Call, { kind: 'append at' }>): Promise<Outcome> {
    const { stream, revision, events } = call;
    const done = { kind: 'position', position: POSITION } as const;
    const there = readStream(log, stream, {
      from: revision + 1,
      direction: 'forward',
      limit: events.length,
    });
    const isThere = events.every(({ id }, at) => there[at]?.id === id);
    if (isThere) return this.#said(log, 'position', done);
    const end = endOf(log, stream);
    if (end.revision !== revision) {
      return this.#refused(log, new WrongExpectedRevision(stream, revision, end, 'revision'));
    }
    const [first] = events;
    must(first, 'an append has an event');
    const { atMs, caller, requestId, commandId } = first;
    const context = { atMs, caller, requestId, commandId };
    const appended = this.logs.append(log, [toAppend(call)], context);
    if (appended.kind !== 'accepted') {
      return this.#refused(log, new WrongExpectedRevision(stream, revision, end, 'revision'));
    }
    await this.#judge.pass(log, appended);
    return this.#said(appended.log, 'position', done);
  }

  async #hook(log: LogState, { runId, node }: Extract<Call, { kind: 'hook' }>): Promise<Outcome> {
    const begun = log.streams.get(HOOKS)?.events.find(({ type }) => type === runId);
    must(!begun, `H10: the hooks of ${runId} are run by ${node} too`);
    const next = this.logs.noted(log, HOOKS, runId);
    this.#judge.isAs(next, log);
    return { log: next.id, reply: 0 };
  }
}

const toAppend = (call: Extract<Call, { kind: 'append at' }>): StreamAppend => ({
  stream: call.stream,
  expected: call.revision,
  events: call.events.map(newEventOf),
});

/** A version that says what the value is, so that it does not depend on the way there. */
const plainRow = (row: KvRow): KvRow => ({
  ...row,
  version: `${row.schema} ${Buffer.from(row.value).toString('latin1')}`,
});

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
