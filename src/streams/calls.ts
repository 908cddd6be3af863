import type { ServerDuplexStream, ServerReadableStream, ServerUnaryCall } from '@grpc/grpc-js';
import { type Metadata, type sendUnaryData, status } from '@grpc/grpc-js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { refusalOf } from './log-faults.js';
import { Refusal } from './refusal.js';

/** What stands around each call. */
export interface CallsOptions {
  /** Says who calls: a name, or a refusal. */
  readonly callerOf: (header: string | undefined, client: string) => Promise<string>;
  /** An error that is nobody's fault outside. */
  readonly onFault: (error: unknown) => void;
  /** The server stops: what would go on for ever ends. */
  readonly closing: AbortSignal;
}

export interface Caller {
  readonly name: string;
  /** The client went away, or its deadline is over, or the server stops. */
  readonly signal: AbortSignal;
}

/** A stream that is written to as fast as the client reads, and not faster. */
interface Writable<Response> {
  write(response: Response): boolean;
  once(event: 'drain', listener: () => void): unknown;
  removeListener(event: 'drain', listener: () => void): unknown;
}

interface Incoming {
  readonly metadata: Metadata;
  getPeer(): string;
  on(event: 'cancelled', listener: () => void): unknown;
}

/** Runs the calls of a service: who asks, what is answered, what a client is told of an error. */
export class Calls {
  constructor(private readonly options: CallsOptions) {}

  unary<Request, Response>(work: (request: Request, caller: Caller) => Promise<Response>) {
    return (call: ServerUnaryCall<Request, Response>, answer: sendUnaryData<Response>): void => {
      this.#run(call, (caller) => work(call.request, caller)).then(
        (response) => answer(null, response),
        (error: unknown) => answer(this.#statusOf(error)),
      );
    };
  }

  /** The client sends a stream and is answered once. */
  upstream<Request, Response>(
    work: (requests: AsyncIterable<Request>, caller: Caller) => Promise<Response>,
  ) {
    return (
      call: ServerReadableStream<Request, Response>,
      answer: sendUnaryData<Response>,
    ): void => {
      this.#run(call, (caller) => work(call, caller)).then(
        (response) => answer(null, response),
        (error: unknown) => answer(this.#statusOf(error)),
      );
    };
  }

  /** The client asks once and is sent a stream. */
  downstream<Request, Response>(
    work: (request: Request, caller: Caller) => AsyncIterable<Response>,
  ) {
    return (call: ServerWritableStream<Request, Response>): void => {
      const run = this.#run(call, async (caller) => {
        for await (const response of work(call.request, caller)) {
          if (caller.signal.aborted) break;
          await send(call, response, caller.signal);
        }
        if (this.options.closing.aborted) throw stopping();
      });
      this.#end(call, run);
    };
  }

  /** Both send streams. */
  duplex<Request, Response>(
    work: (
      requests: AsyncIterable<Request>,
      caller: Caller & { readonly answer: (response: Response) => Promise<void> },
    ) => Promise<void>,
  ) {
    return (call: ServerDuplexStream<Request, Response>): void => {
      const run = this.#run(call, (caller) => {
        const answer = (response: Response) => send(call, response, caller.signal);
        return work(call, { ...caller, answer });
      });
      this.#end(call, run);
    };
  }

  async #run<Result>(call: Incoming, work: (caller: Caller) => Promise<Result>): Promise<Result> {
    const gone = new AbortController();
    call.on('cancelled', () => gone.abort());
    const { closing, callerOf } = this.options;
    const end = () => gone.abort();
    closing.addEventListener('abort', end);
    try {
      const [header] = call.metadata.get('authorization');
      const name = await callerOf(header?.toString(), addressOf(call.getPeer()));
      if (closing.aborted) throw stopping();
      return await work({ name, signal: gone.signal });
    } finally {
      closing.removeEventListener('abort', end);
    }
  }

  #end(
    call: { end(): unknown; emit(event: 'error', status: object): unknown },
    run: Promise<void>,
  ) {
    run.then(
      () => call.end(),
      (error: unknown) => call.emit('error', this.#statusOf(error)),
    );
  }

  #statusOf(thrown: unknown) {
    const error = refusalOf(thrown);
    if (error instanceof Refusal) return error.status;
    this.options.onFault(error);
    return { code: status.INTERNAL, details: 'the call failed; the server has logged why' };
  }
}

/** Without the port, which changes with each connection. */
const addressOf = (peer: string): string => peer.replace(/:\d+$/, '');

const stopping = (): Refusal => new Refusal(status.UNAVAILABLE, 'Server Is Stopping');

/** Resolves when the client has room for more, or is gone. */
async function send<Response>(
  to: Writable<Response>,
  response: Response,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted || to.write(response)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      to.removeListener('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    to.once('drain', done);
    signal.addEventListener('abort', done);
  });
}
