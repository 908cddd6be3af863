import { status } from '@grpc/grpc-js';
import { OUTSIDE_APPEND_BYTES_MAX } from '../domain/outside-event.js';
import type { Clock } from '../ports/clock.js';
import type { EventContext } from '../ports/event-log.js';
import type { Access } from './access.js';
import type { Outcome, OutsideAppends } from './appends.js';
import { appendedOf } from './append-answer.js';
import { ProposedEvents, wantedOf, type Wanted } from './proposed.js';
import type { BatchAppendReq, BatchAppendResp, Status, Uuid } from './protocol/messages.js';
import type { Protocol } from './protocol/protocol.js';
import { EMPTY, identifierOf, signedOf, streamOf, uuidOf } from './protocol/values.js';
import { badArgument, Refusal, timedOut } from './refusal.js';

export interface BatchPorts {
  readonly appends: OutsideAppends;
  readonly access: Access;
  readonly clock: Clock;
  readonly protocol: Protocol;
  readonly contextOf: (caller: string) => EventContext;
  readonly onFault: (error: unknown) => void;
}

/** An append of which not all pieces have come. */
interface Pending {
  readonly correlationId: Uuid;
  readonly stream: string;
  readonly wanted: Wanted;
  readonly expected: Pick<BatchAppendResp, 'revision' | 'noStream' | 'any' | 'streamExists'>;
  readonly proposed: ProposedEvents;
  readonly deadlineAtMs: number;
  /** Its last piece has come, or it is given up. */
  readonly over: AbortController;
}

/**
 * The appends of one client's stream of them.
 *
 * Each is answered when the log has; they are sent to it in the order of their last pieces, so what
 * a client appends to one stream without waiting stands there in its order.
 */
export class BatchAppend {
  readonly #pending = new Map<string, Pending>();
  #before: Promise<void> = Promise.resolve();
  #underWay = 0;
  #bytes = 0;
  #room = Promise.withResolvers<void>();

  constructor(
    private readonly ports: BatchPorts,
    private readonly caller: string,
    private readonly answer: (response: BatchAppendResp) => Promise<void>,
  ) {}

  /** Takes a piece. Resolves when there is room for another one. */
  async take(request: BatchAppendReq): Promise<void> {
    const id = uuidOf(request.correlationId);
    if (id === undefined) throw badArgument('an append needs a correlation id');
    try {
      const pending = this.#pendingOf(id, request);
      if (!pending) return;
      this.#add(pending, request.events);
      if (request.isFinal) this.#finish(id, pending);
    } catch (error) {
      await this.#refuse(id, request, error);
    }
    const isFull = () => this.#underWay >= UNDER_WAY_MAX || this.#bytes > BYTES_MAX;
    while (this.#underWay > 0 && isFull()) await this.#room.promise;
  }

  #add({ proposed }: Pending, events: BatchAppendReq['events']): void {
    // Nothing is under way that could make room: it is all in appends that are not finished.
    if (this.#bytes > BYTES_MAX) throw badArgument('too much is in appends that are not finished');
    const before = proposed.bytes;
    try {
      for (const event of events) proposed.add(event);
    } finally {
      this.#bytes += proposed.bytes - before;
    }
  }

  /** Resolves when everything that was taken is answered. */
  async done(): Promise<void> {
    while (this.#underWay > 0) await this.#room.promise;
  }

  #pendingOf(id: string, request: BatchAppendReq): Pending | undefined {
    const { options, correlationId } = request;
    const known = this.#pending.get(id);
    if (known || !options || !correlationId) return known;
    const stream = streamOf(options.stream);
    this.ports.access.mayAppend(stream);
    const wanted = wantedOf(options);
    const deadlineAtMs = this.#deadlineOf(options);
    if (deadlineAtMs <= this.ports.clock.nowMs()) throw timedOut('its deadline is over');
    if (this.#pending.size >= PENDING_MAX) throw badArgument('too many appends are not finished');
    const expected =
      options.expected === 'revision'
        ? { revision: options.revision }
        : { [options.expected ?? 'any']: EMPTY };
    const proposed = new ProposedEvents();
    const over = new AbortController();
    const pending = { correlationId, stream, wanted, expected, proposed, deadlineAtMs, over };
    this.#pending.set(id, pending);
    if (!request.isFinal) void this.#giveUpLate(id, pending).catch(() => undefined);
    return pending;
  }

  #deadlineOf(options: NonNullable<BatchAppendReq['options']>): number {
    const { until, deadlineAt, deadlineIn } = options;
    const given = until === 'deadlineAt' ? deadlineAt : until === 'deadlineIn' ? deadlineIn : null;
    if (!given) return Infinity;
    const ms = signedOf(given.seconds) * 1000 + given.nanos / 1_000_000;
    return until === 'deadlineAt' ? ms : this.ports.clock.nowMs() + ms;
  }

  #finish(id: string, pending: Pending): void {
    this.#pending.delete(id);
    pending.over.abort();
    this.#underWay++;
    const { stream, wanted, proposed } = pending;
    const context = this.ports.contextOf(this.caller);
    const turn = Promise.withResolvers<void>();
    const order = { before: this.#before, sent: turn.resolve };
    this.#before = turn.promise;
    const wish = { stream, wanted, events: proposed.events, context };
    void this.ports.appends
      .append(wish, order)
      .then(
        (outcome) => this.answer(this.#answerOf(pending, outcome)),
        (error: unknown) => this.answer(this.#errorOf(pending, error)),
      )
      // Whoever asked is gone.
      .catch(() => undefined)
      .finally(() => {
        this.#underWay--;
        this.#free(proposed.bytes);
      });
  }

  /** For an append whose last piece never comes nobody waits for ever. */
  async #giveUpLate(id: string, pending: Pending): Promise<void> {
    const { clock } = this.ports;
    const leftMs = pending.deadlineAtMs - clock.nowMs();
    await clock.sleep(Math.max(0, Math.min(leftMs, PIECES_MS_MAX)), pending.over.signal);
    if (this.#pending.get(id) !== pending) return;
    this.#drop(id, pending);
    await this.answer(this.#errorOf(pending, timedOut('its last piece did not come in time')));
  }

  /** Ends the waiting for an append when its client is gone. */
  close(): void {
    for (const [id, pending] of this.#pending) this.#drop(id, pending);
  }

  #drop(id: string, pending: Pending): void {
    this.#pending.delete(id);
    pending.over.abort();
    this.#free(pending.proposed.bytes);
  }

  async #refuse(id: string, { correlationId, options }: BatchAppendReq, error: unknown) {
    const pending = this.#pending.get(id);
    if (pending) this.#drop(id, pending);
    const response = this.#errorOf(
      { correlationId: correlationId ?? { string: id }, stream: pending?.stream },
      error,
    );
    const stream = response.stream ?? options?.stream;
    await this.answer({ ...response, ...(stream && { stream }) });
  }

  #free(bytes: number): void {
    this.#bytes -= bytes;
    const { resolve } = this.#room;
    this.#room = Promise.withResolvers<void>();
    resolve();
  }

  #answerOf(
    { correlationId, stream, expected, wanted }: Pending,
    outcome: Outcome,
  ): BatchAppendResp {
    const around = { correlationId, stream: identifierOf(stream), ...expected };
    if (outcome.kind === 'appended') return { ...around, success: appendedOf(outcome) };
    const current =
      outcome.actual < 0 ? { currentNoStream: EMPTY } : { currentRevision: outcome.actual };
    const details = { ...current, ...expectedFields(wanted) };
    const text = 'WrongExpectedVersion';
    return { ...around, error: this.#status(status.ALREADY_EXISTS, text, { [text]: details }) };
  }

  #errorOf(
    { correlationId, stream }: { correlationId: Uuid; stream: string | undefined },
    error: unknown,
  ): BatchAppendResp {
    return {
      correlationId,
      error: this.#statusOf(error, stream ?? ''),
      ...(stream !== undefined && { stream: identifierOf(stream) }),
    };
  }

  #statusOf(error: unknown, stream: string): Status {
    const is = error instanceof Refusal ? error : undefined;
    if (!is) this.ports.onFault(error);
    switch (is?.trailers['exception']) {
      case 'access-denied':
        return this.#status(status.PERMISSION_DENIED, is?.message ?? '', { AccessDenied: {} });
      case 'stream-deleted': {
        const details = { StreamDeleted: { stream: identifierOf(stream) } };
        return this.#status(status.NOT_FOUND, 'StreamDeleted', details);
      }
      case 'maximum-append-size-exceeded': {
        const bytesMax = Number(is?.trailers['maximum-append-size'] ?? OUTSIDE_APPEND_BYTES_MAX);
        const details = { MaximumAppendSizeExceeded: { bytesMax } };
        return this.#status(status.INVALID_ARGUMENT, is?.message ?? '', details);
      }
    }
    if (is?.code === status.ABORTED) {
      return this.#status(status.DEADLINE_EXCEEDED, 'Timeout', { Timeout: {} });
    }
    if (is?.code === status.INVALID_ARGUMENT) {
      const details = { BadRequest: { message: is.message } };
      return this.#status(status.INVALID_ARGUMENT, is.message, details);
    }
    const message = is?.message ?? 'the append failed; the server has logged why';
    return this.#status(is?.code ?? status.INTERNAL, message, { Unknown: {} });
  }

  #status(code: status, message: string, details: Readonly<Record<string, object>>): Status {
    const [[name, of] = ['Unknown', {}]] = Object.entries(details);
    return { code, message, details: this.ports.protocol.pack(`event_store.client.${name}`, of) };
  }
}

const expectedFields = (wanted: Wanted): object => {
  if (typeof wanted === 'number') return { expectedRevision: wanted };
  if (wanted === 'any') return { expectedAny: EMPTY };
  return wanted === 'none' ? { expectedNoStream: EMPTY } : { expectedStreamExists: EMPTY };
};

const UNDER_WAY_MAX = 256;
const PENDING_MAX = 1000;
/** At most so long, whatever its deadline is. */
const PIECES_MS_MAX = 60_000;
const BYTES_MAX = 32 * 1024 * 1024;
