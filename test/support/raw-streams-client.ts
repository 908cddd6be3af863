import { randomUUID } from 'node:crypto';
import {
  credentials,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientWritableStream,
  makeGenericClientConstructor,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { Protocol } from '../../src/streams/protocol/protocol.js';

type Message = Record<string, unknown>;
type Answer = (error: ServiceError | null, response: Message) => void;

/** Speaks the protocol message by message, so that a spec sees what a client hides. */
export class RawStreamsClient {
  readonly #client: InstanceType<ReturnType<typeof makeGenericClientConstructor>>;
  readonly metadata = new Metadata();

  constructor(port: number, service = 'event_store.client.streams.Streams') {
    const Client = makeGenericClientConstructor(new Protocol().service(service), service);
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  }

  /** Says who asks, from here on. */
  signIn(accessKeyId: string, secretAccessKey: string): void {
    const pair = Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString('base64');
    this.metadata.set('authorization', `Basic ${pair}`);
  }

  /** Returns what the server sends until it ends; of a subscription, at most `take` messages. */
  async read(options: Message, take = Infinity): Promise<Message[]> {
    const call = this.open(options);
    const seen: Message[] = [];
    for await (const message of call) {
      seen.push(message as Message);
      if (seen.length === take) break;
    }
    call.cancel();
    return seen;
  }

  open(options: Message): ClientReadableStream<Message> {
    const given = { uuidForm: { string: {} }, noFilter: {}, ...options };
    return this.#method('Read')({ options: given }, this.metadata) as ClientReadableStream<Message>;
  }

  append(options: Message, ...events: Message[]): Promise<Message> {
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    const answer: Answer = (error, response) => (error ? reject(error) : resolve(response));
    const call = this.#method('Append')(this.metadata, answer) as ClientWritableStream<Message>;
    call.write({ options });
    for (const event of events) call.write({ event });
    call.end();
    return promise;
  }

  /** Returns the answers to all requests, in the order of their coming. */
  async batchAppend(...requests: Message[]): Promise<Message[]> {
    const call = this.openBatch();
    for (const request of requests) call.write(request);
    call.end();
    const answers: Message[] = [];
    for await (const answer of call) answers.push(answer as Message);
    return answers;
  }

  openBatch(): ClientDuplexStream<Message, Message> {
    return this.#method('BatchAppend')(this.metadata) as ClientDuplexStream<Message, Message>;
  }

  /** Calls a method that is asked once and answers once. */
  call(method: string, request: Message = {}): Promise<Message> {
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    const answer: Answer = (error, response) => (error ? reject(error) : resolve(response));
    this.#method(method)(request, this.metadata, answer);
    return promise;
  }

  close(): void {
    this.#client.close();
  }

  #method(name: string): (...args: unknown[]) => unknown {
    const method: unknown = this.#client[name];
    if (typeof method !== 'function') throw new Error(`there is no method ${name}`);
    return method.bind(this.#client) as (...args: unknown[]) => unknown;
  }
}

export const streamNamed = (name: string) => ({ name: Buffer.from(name) });

export const proposed = (fields: Message = {}): Message => ({
  id: { string: randomUUID() },
  metadata: { type: 'Noted', 'content-type': 'application/json' },
  customMetadata: Buffer.alloc(0),
  data: Buffer.from('{}'),
  ...fields,
});

/** As JSON: bytes as text, 64 bits as numbers, and which of a oneof is set by what stands there. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  if ('toNumber' in value && typeof value.toNumber === 'function') return value.toNumber();
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
}

/** Returns what a call was refused with: its code, and what stands in the trailers. */
export async function refusal(call: Promise<unknown>): Promise<Message> {
  try {
    await call;
  } catch (error) {
    const { code, metadata } = error as ServiceError;
    const { 'content-type': _, date: __, ...trailers } = metadata.getMap();
    return { code, ...trailers };
  }
  throw new Error('it was not refused');
}
