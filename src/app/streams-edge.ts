import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { KnownCallers } from '../api/known-callers.js';
import { listenAddress, type ServerConfig } from '../config/server.config.js';
import { isOwnStream } from '../domain/stream-names.js';
import type { Logger } from '../observability/logger.js';
import type { Clock } from '../ports/clock.js';
import type { EventLog } from '../ports/event-log.js';
import type { AccessRules } from '../streams/access.js';
import { StreamsServer } from '../streams/streams-server.js';
import { StartError } from './start-error.js';

export const STREAMS_LISTEN = '127.0.0.1:2113';

export interface StreamsEdgeOptions {
  readonly config: ServerConfig;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly access: AccessRules;
}

/** EventStoreDB's protocol, served where the configuration says. */
export interface StreamsEdge {
  /** As EventStoreDB's clients write it. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Begins to listen.
 *
 * The default address is a wish: two servers of one machine both have it, and the second does
 * without. One that was asked for by name is an order.
 *
 * @returns undefined when it is switched off, or is not to be had and nobody asked for it
 * @throws StartError  the address is taken, or the certificate or its key cannot be read
 */
export async function openStreamsEdge(
  options: StreamsEdgeOptions,
): Promise<StreamsEdge | undefined> {
  const { config, log, logger } = options;
  const { streamsListen } = config;
  if (streamsListen === 'off' || streamsListen === '') return undefined;
  if (log.groups !== 'whole') {
    const why = "EventStoreDB's protocol is not served from a log that stands in one itself";
    if (streamsListen !== undefined) throw new StartError('streams', `${why}: it has its own`);
    return undefined;
  }
  try {
    const server = await listen(options, streamsListen ?? STREAMS_LISTEN);
    const url = urlOf(server.port, options, streamsListen ?? STREAMS_LISTEN);
    logger.info({ url }, "EventStoreDB's protocol is served");
    return { url, close: () => server.close() };
  } catch (error) {
    if (error instanceof StartError) throw error;
    const reason = String(error).split('\n')[0];
    if (streamsListen !== undefined) {
      const remedy = 'give another address by MORAINE_STREAMS_LISTEN, or off';
      const message = `cannot listen for EventStoreDB's clients (${reason}); ${remedy}`;
      throw new StartError('streams_listen', message);
    }
    logger.warn({ reason }, `EventStoreDB's protocol is not served: ${STREAMS_LISTEN} is taken`);
    return undefined;
  }
}

/** The key pairs of the API, and its patience with who guesses; and its own streams are its own. */
export const streamsAccess = (callers: KnownCallers): AccessRules => ({
  identify: async (proof) => (callers.known(proof.header) ?? (await callers.find(proof))).id,
  isOwn: isOwnStream,
});

async function listen(
  { config, log, clock, logger, access }: StreamsEdgeOptions,
  place: string,
): Promise<StreamsServer> {
  const { streamsInsecure, streamsTlsCertificate: certificate, streamsTlsKey: key } = config;
  const address = listenAddress(place);
  if (!address) throw new StartError('streams', `${place} is no host:port`);
  const tls =
    certificate !== undefined && key !== undefined
      ? { tls: { certificates: pem(certificate), key: pem(key) } }
      : {};
  // gRPC says of a port only that it could not be bound; this says why.
  if (address.port !== 0) await assertFree(address);
  return StreamsServer.listen({
    log,
    clock,
    access: streamsInsecure ? { ...access, identify: undefined } : access,
    listen: address,
    newId: () => randomUUID(),
    onFault: (error) => logger.error({ err: error }, "a call of EventStoreDB's protocol failed"),
    ...tls,
  });
}

function pem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new StartError('streams', `the file of TLS ${path} cannot be read: ${String(error)}`);
  }
}

/** @throws a system error of `listen` */
function assertFree({ host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}

function urlOf(port: number, { config }: StreamsEdgeOptions, place: string): string {
  const { host = '' } = listenAddress(place) ?? {};
  const query = config.streamsTlsCertificate === undefined ? '?tls=false' : '';
  return `esdb://${host.includes(':') ? `[${host}]` : host}:${port}${query}`;
}
