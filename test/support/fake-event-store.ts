import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import type {
  ServerReadableStream,
  ServerWritableStream,
  UntypedServiceImplementation,
  sendUnaryData,
} from '@grpc/grpc-js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import services from '@eventstore/db-client/generated/streams_grpc_pb.js';
import messages, {
  type AppendReq,
  type AppendResp,
  type ReadReq,
  type ReadResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import { EventEmitter } from 'node:events';

interface Recorded {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly metadata: ReadonlyMap<string, string>;
  readonly data: Uint8Array;
  readonly custom: Uint8Array;
}

/**
 * What becomes of the next append.
 *
 * - `silence`: never answered and never made. `landInSilence`: made, and never answered.
 * - `break`: the call is broken without it. `landAndBreak`: with it.
 * - `notLeader`: another node is, at `leader`.
 */
export type Mood =
  'silence' | 'landInSilence' | 'break' | 'landAndBreak' | 'notLeader' | 'denied' | 'tooLarge';

type Answer = sendUnaryData<AppendResp>;

const START_OF_STREAM = 100;

/**
 * An EventStoreDB that does as a real one does where nobody can have one: it forgets to answer,
 * says that another node leads, keeps statistics of its own, deletes and truncates streams.
 */
export class FakeEventStore {
  readonly #log: Recorded[] = [];
  readonly #ends = new Map<string, number>();
  readonly #from = new Map<string, number>();
  readonly #tombstones = new Set<string>();
  readonly #moods: Mood[] = [];
  readonly #news = new EventEmitter().setMaxListeners(0);
  #server = new Server();
  #position = START_OF_STREAM;
  appendCount = 0;
  port = 0;
  leader: { host: string; port: number } | undefined;

  static async start(port = 0): Promise<FakeEventStore> {
    const fake = new FakeEventStore();
    await fake.listen(port);
    return fake;
  }

  get connectionString(): string {
    return `esdb://127.0.0.1:${this.port}?tls=false`;
  }

  async listen(port = this.port): Promise<void> {
    const calls: UntypedServiceImplementation = {
      append: (call: ServerReadableStream<AppendReq, AppendResp>, answer: Answer) =>
        void this.#append(call, answer),
      read: (call: ServerWritableStream<ReadReq, ReadResp>) => this.#read(call),
    };
    this.#server = new Server();
    this.#server.addService(services.StreamsService, {
      delete: () => undefined,
      tombstone: () => undefined,
      batchAppend: () => undefined,
      ...calls,
    });
    this.port = await new Promise<number>((resolve, reject) => {
      const bound = (error: Error | null, at: number) => (error ? reject(error) : resolve(at));
      this.#server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), bound);
    });
  }

  /** Ends every call at once, as a server does that is killed. What was written stays. */
  stop(): void {
    this.#server.forceShutdown();
  }

  /** The next appends, one after the other, meet these. */
  next(...moods: Mood[]): void {
    this.#moods.push(...moods);
  }

  /** Ends every subscription without a word, as a server does that goes away in order. */
  endSubscriptions(): void {
    this.#news.emit('end');
  }

  /** Events that the server keeps for itself. */
  writeStatistics(count = 1): void {
    for (let n = 0; n < count; n++)
      this.#write('$stats-127.0.0.1:2113', [system('$statsCollected')]);
  }

  softDelete(stream: string): void {
    this.#from.set(stream, (this.#ends.get(stream) ?? -1) + 1);
    this.#write(`$$${stream}`, [system('$metadata')]);
  }

  tombstone(stream: string): void {
    this.#tombstones.add(stream);
    this.#write(stream, [system('$streamDeleted')]);
  }

  truncate(stream: string, before: number): void {
    this.#from.set(stream, before);
    this.#write(`$$${stream}`, [system('$metadata')]);
  }

  events(stream: string): readonly string[] {
    return this.#visible(stream).map(({ id }) => id);
  }

  #visible(stream: string): readonly Recorded[] {
    if (this.#tombstones.has(stream)) return [];
    const from = this.#from.get(stream) ?? 0;
    return this.#log.filter((event) => event.stream === stream && event.revision >= from);
  }

  #write(stream: string, events: readonly Pick<Recorded, 'id' | 'metadata' | 'data' | 'custom'>[]) {
    for (const event of events) {
      const revision = (this.#ends.get(stream) ?? -1) + 1;
      this.#ends.set(stream, revision);
      // Places are bytes of a file, so there are gaps between them.
      this.#position += 100 + event.data.length;
      this.#log.push({ ...event, stream, revision, position: this.#position });
    }
    this.#news.emit('written');
    return this.#position;
  }

  async #append(call: ServerReadableStream<AppendReq, AppendResp>, answer: Answer): Promise<void> {
    let stream = '';
    let expected: number | 'none' | 'any' = 'any';
    const events: Recorded[] = [];
    try {
      for await (const message of call as AsyncIterable<AppendReq>) {
        const options = message.getOptions();
        if (options) {
          stream = nameOf(options.getStreamIdentifier()?.getStreamName());
          if (options.hasNoStream()) expected = 'none';
          if (options.hasRevision()) expected = Number(options.getRevision());
        } else events.push(proposed(message, stream));
      }
    } catch {
      return;
    }
    this.appendCount++;
    const mood = this.#moods.shift();
    const lands = mood === undefined || mood === 'landInSilence' || mood === 'landAndBreak';
    const result = lands ? this.#judge(stream, expected, events) : undefined;
    if (mood === 'silence' || mood === 'landInSilence') return;
    const refusal = mood && this.#failureOf(mood, stream);
    if (refusal) answer(refusal, null);
    else if (result)
      answer(result instanceof messages.AppendResp ? null : result, resultOf(result));
  }

  #judge(stream: string, expected: number | 'none' | 'any', events: readonly Recorded[]) {
    if (this.#tombstones.has(stream)) {
      return failure(status.FAILED_PRECONDITION, {
        exception: 'stream-deleted',
        'stream-name': stream,
      });
    }
    const own = this.#log.filter((event) => event.stream === stream);
    const visible = this.#visible(stream);
    const end = visible.at(-1)?.revision ?? -1;
    const at = expected === 'any' ? end : expected === 'none' ? -1 : expected;
    // The strong rule: of an exact revision the events behind it are compared.
    const there = own.filter(({ revision }) => revision > at).slice(0, events.length);
    const response = new messages.AppendResp();
    const isThere = there.length > 0 && events.every(({ id }, n) => there[n]?.id === id);
    if (at !== end && !isThere) {
      const wrong = new messages.AppendResp.WrongExpectedVersion();
      if (end < 0) wrong.setCurrentNoStream(new shared.Empty());
      else wrong.setCurrentRevision(String(end));
      if (at < 0) wrong.setExpectedNoStream(new shared.Empty());
      else wrong.setExpectedRevision(String(at));
      response.setWrongExpectedVersion(wrong);
      return response;
    }
    const position = isThere ? (there.at(-1)?.position ?? 0) : this.#write(stream, events);
    const success = new messages.AppendResp.Success();
    const last = isThere ? there.at(-1)?.revision : this.#ends.get(stream);
    success.setCurrentRevision(String(last));
    const place = new messages.AppendResp.Position();
    place.setCommitPosition(String(position));
    place.setPreparePosition(String(position));
    success.setPosition(place);
    response.setSuccess(success);
    return response;
  }

  #failureOf(mood: Mood, stream: string) {
    if (mood === 'notLeader') {
      return failure(status.NOT_FOUND, {
        exception: 'not-leader',
        'leader-endpoint-host': this.leader?.host ?? '127.0.0.1',
        'leader-endpoint-port': String(this.leader?.port ?? this.port),
      });
    }
    if (mood === 'denied') return failure(status.PERMISSION_DENIED, { exception: 'access-denied' });
    if (mood === 'tooLarge') {
      return failure(status.INVALID_ARGUMENT, {
        exception: 'maximum-append-size-exceeded',
        'maximum-append-size': '1048576',
        'stream-name': stream,
      });
    }
    return failure(status.UNAVAILABLE, {});
  }

  #read(call: ServerWritableStream<ReadReq, ReadResp>): void {
    const options = call.request.getOptions();
    if (!options) return void call.end();
    if (options.hasSubscription()) return this.#subscribe(call, options);
    const isBackward = options.getReadDirection() === 1;
    const count = Number(options.getCount());
    const all = options.getAll();
    let found: readonly Recorded[];
    if (all) {
      const at = Number(all.getPosition()?.getCommitPosition() ?? (all.hasEnd() ? Infinity : 0));
      found = this.#log.filter(({ position }) => (isBackward ? position < at : position >= at));
    } else {
      const of = options.getStream();
      const stream = nameOf(of?.getStreamIdentifier()?.getStreamName());
      if (this.#tombstones.has(stream)) {
        const gone = { exception: 'stream-deleted', 'stream-name': stream };
        return void call.emit('error', failure(status.FAILED_PRECONDITION, gone));
      }
      const visible = this.#visible(stream);
      if (visible.length === 0) return notFound(call, stream);
      const at = of?.hasRevision() ? Number(of.getRevision()) : of?.hasEnd() ? Infinity : 0;
      found = visible.filter(({ revision }) => (isBackward ? revision <= at : revision >= at));
    }
    const page = (isBackward ? found.toReversed() : found).slice(0, count);
    for (const event of page) call.write(eventOf(event));
    call.end();
  }

  #subscribe(call: ServerWritableStream<ReadReq, ReadResp>, options: ReadReq.Options): void {
    const all = options.getAll();
    const isFromEnd = all?.hasEnd() ?? false;
    let at = Number(all?.getPosition()?.getCommitPosition() ?? (isFromEnd ? this.#position : 0));
    const filter = options.getFilter();
    const prefixes = filter?.getStreamIdentifier()?.getPrefixList();
    const regex = filter?.getEventType()?.getRegex();
    const window = filter?.getMax() ?? 32;
    let looked = 0;
    const send = () => {
      for (const event of this.#log.filter(({ position }) => position > at)) {
        at = event.position;
        const isAsked =
          (prefixes?.some((prefix) => event.stream.startsWith(prefix)) ?? true) &&
          (regex === undefined || new RegExp(regex).test(event.metadata.get('type') ?? ''));
        if (isAsked) call.write(eventOf(event));
        if (++looked % window === 0) call.write(checkpointOf(at));
      }
    };
    const end = () => call.end();
    this.#news.on('written', send).on('end', end);
    call.on('close', () => this.#news.off('written', send).off('end', end));
    call.on('cancelled', () => this.#news.off('written', send).off('end', end));
    const response = new messages.ReadResp();
    const confirmation = new messages.ReadResp.SubscriptionConfirmation();
    confirmation.setSubscriptionId('fake');
    response.setConfirmation(confirmation);
    call.write(response);
    send();
  }
}

function notFound(call: ServerWritableStream<ReadReq, ReadResp>, stream: string): void {
  const response = new messages.ReadResp();
  const missing = new messages.ReadResp.StreamNotFound();
  missing.setStreamIdentifier(identifierOf(stream));
  response.setStreamNotFound(missing);
  call.write(response);
  call.end();
}

function eventOf(event: Recorded): ReadResp {
  const recorded = new messages.ReadResp.ReadEvent.RecordedEvent();
  const id = new shared.UUID();
  id.setString(event.id);
  recorded.setId(id);
  recorded.setStreamIdentifier(identifierOf(event.stream));
  recorded.setStreamRevision(String(event.revision));
  recorded.setPreparePosition(String(event.position));
  recorded.setCommitPosition(String(event.position));
  for (const [name, value] of event.metadata) recorded.getMetadataMap().set(name, value);
  recorded.getMetadataMap().set('created', '17000000000000000');
  recorded.setData(event.data);
  recorded.setCustomMetadata(event.custom);
  const read = new messages.ReadResp.ReadEvent();
  read.setEvent(recorded);
  read.setCommitPosition(String(event.position));
  const response = new messages.ReadResp();
  response.setEvent(read);
  return response;
}

function checkpointOf(position: number): ReadResp {
  const checkpoint = new messages.ReadResp.Checkpoint();
  checkpoint.setCommitPosition(String(position));
  checkpoint.setPreparePosition(String(position));
  const response = new messages.ReadResp();
  response.setCheckpoint(checkpoint);
  return response;
}

function proposed(message: AppendReq, stream: string): Recorded {
  const of = message.getProposedMessage();
  const metadata = new Map<string, string>();
  of?.getMetadataMap().forEach((value, name) => metadata.set(name, value));
  return {
    id: of?.getId()?.getString() ?? '',
    stream,
    revision: 0,
    position: 0,
    metadata,
    data: of?.getData_asU8() ?? new Uint8Array(),
    custom: of?.getCustomMetadata_asU8() ?? new Uint8Array(),
  };
}

const system = (type: string) => ({
  id: crypto.randomUUID(),
  metadata: new Map([
    ['type', type],
    ['content-type', 'application/json'],
  ]),
  data: Buffer.from('{}'),
  custom: new Uint8Array(),
});

type Failure = Error & { code: number; details: string; metadata: Metadata };

function failure(code: number, trailers: Record<string, string>): Failure {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value);
  const details = trailers['exception'] ?? 'broken';
  return Object.assign(new Error(details), { code, details, metadata });
}

const resultOf = (result: AppendResp | Failure) =>
  result instanceof messages.AppendResp ? result : null;

function identifierOf(stream: string) {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from(stream).toString('base64'));
  return identifier;
}

/** What came over the wire is bytes. */
const nameOf = (name: Uint8Array | string | undefined): string =>
  typeof name === 'string' ? name : Buffer.from(name ?? []).toString();
