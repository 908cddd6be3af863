import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import type { Clock } from '../ports/clock.js';
import type { EventLog } from '../ports/event-log.js';
import { assert } from '../shared/assert.js';
import { Access, type AccessRules } from './access.js';
import { OutsideAppends } from './appends.js';
import { Calls } from './calls.js';
import { gossip, serverFeatures } from './cluster.js';
import { Deletes } from './deletes.js';
import { Follow } from './follow.js';
import { Links } from './links.js';
import { LiveTail } from './live-tail.js';
import { Pages } from './pages.js';
import { Protocol } from './protocol/protocol.js';
import { ReadAll } from './read-all.js';
import { ReadStream } from './read-stream.js';
import { StreamStates } from './stream-states.js';
import { StreamsService } from './streams-service.js';
import { unservedMethods } from './unserved.js';

export interface StreamsServerOptions {
  /** One that writes an append to several streams whole. */
  readonly log: EventLog;
  readonly clock: Clock;
  readonly access: AccessRules;
  readonly listen: { readonly host: string; readonly port: number };
  /** PEM. Left out: anybody on the way can read along. */
  readonly tls?: { readonly certificates: Buffer; readonly key: Buffer };
  /** Returns a UUID that never was before. */
  readonly newId: () => string;
  /** An error that no client is to blame for; the call that it ended was told so. */
  readonly onFault: (error: unknown) => void;
}

/** Serves EventStoreDB's protocol over a log. */
export class StreamsServer {
  readonly #server: Server;
  readonly #closing = new AbortController();
  readonly #tail: LiveTail;

  private constructor(
    private readonly options: StreamsServerOptions,
    private readonly protocol: Protocol,
  ) {
    const { log, onFault } = options;
    assert(log.groups === 'whole', 'a deleted stream begins again in one step with its metadata');
    this.#server = new Server(TRANSPORT);
    this.#tail = new LiveTail({ log, pages: new Pages(log), onFault });
  }

  /**
   * Begins to listen.
   *
   * @throws Error  the address is taken, or is not to be had
   */
  static async listen(options: StreamsServerOptions): Promise<StreamsServer> {
    const server = new StreamsServer(options, new Protocol());
    server.#addStreams();
    server.#addCluster();
    await server.#bind();
    return server;
  }

  /** The port that it listens on. */
  port = 0;

  /** Ends what goes on for ever, answers the rest within a moment, and lets the port go. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#tail.close();
    const { promise: isDone, resolve } = Promise.withResolvers<void>();
    this.#server.tryShutdown(() => resolve());
    const waited = new AbortController();
    const tooLong = this.options.clock.sleep(CLOSE_MS, waited.signal);
    await Promise.race([isDone, tooLong]);
    waited.abort();
    this.#server.forceShutdown();
  }

  #addStreams(): void {
    const { log, clock, access: rules, newId, onFault } = this.options;
    const nowMs = () => clock.nowMs();
    const access = new Access(rules);
    const states = new StreamStates(log, rules.isOwn, nowMs);
    const pages = new Pages(log);
    const links = new Links(log, states);
    const callerOf = (header: string | undefined, client: string) =>
      access.callerOf(header, client);
    const service = new StreamsService({
      calls: new Calls({ callerOf, onFault, closing: this.#closing.signal }),
      access,
      appends: new OutsideAppends(log, states),
      deletes: new Deletes(log, states),
      readStream: new ReadStream(pages, states, links),
      readAll: new ReadAll(pages, links),
      follow: new Follow({ pages, states, links, tail: this.#tail, nowMs }),
      clock,
      protocol: this.protocol,
      newId,
      onFault,
    });
    this.#add('event_store.client.streams.Streams', service.methods);
  }

  #addCluster(): void {
    const { clock, listen, newId } = this.options;
    const listens = () => ({ address: listen.host, port: this.port });
    const nowMs = () => clock.nowMs();
    this.#add('event_store.client.gossip.Gossip', gossip({ nodeId: newId(), listens, nowMs }));
    this.#add('event_store.client.server_features.ServerFeatures', serverFeatures());
    for (const { definition, handler } of unservedMethods()) {
      const name = definition.path.split('/').at(-1) ?? '';
      this.#server.addService({ [name]: definition }, { [name]: handler });
    }
  }

  #add(name: string, methods: Parameters<Server['addService']>[1]): void {
    const definition: ServiceDefinition = this.protocol.service(name);
    this.#server.addService(definition, methods);
  }

  async #bind(): Promise<void> {
    const { listen, tls } = this.options;
    const credentials = tls
      ? ServerCredentials.createSsl(null, [{ cert_chain: tls.certificates, private_key: tls.key }])
      : ServerCredentials.createInsecure();
    const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
    this.port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(`${host}:${listen.port}`, credentials, (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
  }
}

const TRANSPORT = {
  'grpc.max_receive_message_length': 17 * 1024 * 1024,
  'grpc.max_send_message_length': -1,
  'grpc.max_concurrent_streams': 1000,
  // A client that went away without a word is noticed.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 20_000,
};
const CLOSE_MS = 2_000;
