import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Clock } from '../ports/clock.js';
import type { EventContext } from '../ports/event-log.js';
import type { Access } from './access.js';
import { appendAnswer } from './append-answer.js';
import type { OutsideAppends } from './appends.js';
import { BatchAppend } from './batch-append.js';
import type { Caller, Calls } from './calls.js';
import type { Deletes, Deletion } from './deletes.js';
import type { Follow } from './follow.js';
import { ProposedEvents, wantedOf } from './proposed.js';
import type { AppendReq, AppendResp, BatchAppendReq } from './protocol/messages.js';
import type { BatchAppendResp, DeleteReq, DeleteResp } from './protocol/messages.js';
import type { ReadReq, ReadResp } from './protocol/messages.js';
import type { Protocol } from './protocol/protocol.js';
import { positionOf, streamOf } from './protocol/values.js';
import type { ReadAll } from './read-all.js';
import { wishOf } from './read-request.js';
import type { ReadStream } from './read-stream.js';
import { badArgument, tooBusy } from './refusal.js';

export interface StreamsPorts {
  readonly calls: Calls;
  readonly access: Access;
  readonly appends: OutsideAppends;
  readonly deletes: Deletes;
  readonly readStream: ReadStream;
  readonly readAll: ReadAll;
  readonly follow: Follow;
  readonly clock: Clock;
  readonly protocol: Protocol;
  readonly newId: () => string;
  readonly onFault: (error: unknown) => void;
}

/** The methods of `event_store.client.streams.Streams`. */
export class StreamsService {
  #followers = 0;

  constructor(private readonly ports: StreamsPorts) {}

  get methods(): UntypedServiceImplementation {
    const { calls } = this.ports;
    return {
      Read: calls.downstream((request: ReadReq, caller) => this.#read(request, caller)),
      Append: calls.upstream((requests: AsyncIterable<AppendReq>, caller) =>
        this.#append(requests, caller),
      ),
      BatchAppend: calls.duplex<BatchAppendReq, BatchAppendResp>((requests, caller) =>
        this.#batchAppend(requests, caller),
      ),
      Delete: calls.unary((request: DeleteReq, caller) =>
        this.#deleted(request, caller, (deletion) => this.ports.deletes.delete(deletion)),
      ),
      Tombstone: calls.unary((request: DeleteReq, caller) =>
        this.#deleted(request, caller, (deletion) => this.ports.deletes.tombstone(deletion)),
      ),
    };
  }

  async *#read(request: ReadReq, { signal }: Caller): AsyncGenerator<ReadResp> {
    const { readStream, readAll, follow, newId } = this.ports;
    const wish = wishOf(request);
    if (wish.kind === 'stream') return yield* readStream.answers(wish.read);
    if (wish.kind === 'all') return yield* readAll.answers(wish.read);
    if (this.#followers >= FOLLOWERS_MAX) throw tooBusy(`${FOLLOWERS_MAX} follow the log already`);
    this.#followers++;
    try {
      const around = { id: newId(), signal };
      if (wish.kind === 'followAll') yield* follow.all({ ...wish.follow, ...around });
      else yield* follow.stream({ ...wish.follow, ...around });
    } finally {
      this.#followers--;
    }
  }

  async #append(requests: AsyncIterable<AppendReq>, { name }: Caller): Promise<AppendResp> {
    const { access, appends } = this.ports;
    const proposed = new ProposedEvents();
    let target: { stream: string; wanted: ReturnType<typeof wantedOf> } | undefined;
    for await (const { content, options, event } of requests) {
      if (content === 'options' && options && !target) {
        target = { stream: streamOf(options.stream), wanted: wantedOf(options) };
        access.mayAppend(target.stream);
      } else if (content === 'event' && event && target) proposed.add(event);
      else throw badArgument('an append begins with its options, and then come its events');
    }
    if (!target) throw badArgument('an append begins with its options');
    const wish = { ...target, events: proposed.events, context: this.#contextOf(name) };
    return appendAnswer(await appends.append(wish), target.wanted);
  }

  async #batchAppend(
    requests: AsyncIterable<BatchAppendReq>,
    { name, answer }: Caller & { answer: (response: BatchAppendResp) => Promise<void> },
  ): Promise<void> {
    const contextOf = (caller: string) => this.#contextOf(caller);
    const batch = new BatchAppend({ ...this.ports, contextOf }, name, answer);
    try {
      for await (const request of requests) await batch.take(request);
      await batch.done();
    } finally {
      batch.close();
    }
  }

  async #deleted(
    { options }: DeleteReq,
    { name }: Caller,
    work: (deletion: Deletion) => Promise<number>,
  ): Promise<DeleteResp> {
    if (!options) throw badArgument('options are missing');
    const stream = streamOf(options.stream);
    this.ports.access.mayAppend(stream);
    const wanted = wantedOf(options);
    const position = await work({ stream, wanted, context: this.#contextOf(name) });
    return { position: positionOf(position) };
  }

  #contextOf(caller: string): EventContext {
    const id = this.ports.newId();
    const commandId = id as EventContext['commandId'];
    return { atMs: this.ports.clock.nowMs(), caller, requestId: `streams-${id}`, commandId };
  }
}

/** Each holds a page at most, and a connection. */
const FOLLOWERS_MAX = 1000;
