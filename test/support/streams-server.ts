import { randomUUID } from 'node:crypto';
import { SystemClock } from '../../src/app/system-clock.js';
import { MemoryEventLog } from '../../src/event-log/memory-event-log.js';
import { MemoryKvStore } from '../../src/kv-adapter/memory-kv-store.js';
import type { EventLog } from '../../src/ports/event-log.js';
import type { AccessRules } from '../../src/streams/access.js';
import { StreamsServer, type StreamsServerOptions } from '../../src/streams/streams-server.js';

/** A server of EventStoreDB's protocol, on a port of its own. */
export interface StreamsFixture {
  /** A connection string of EventStoreDB's clients. */
  readonly url: string;
  readonly port: number;
  /** What it serves. */
  readonly log: EventLog;
  /** Errors that no client was to blame for. */
  readonly faults: readonly unknown[];
  /** Ends the server, and the log if the fixture has made it. */
  close(): Promise<void>;
}

/**
 * Starts one: over a log in memory unless another is given, as a plain log that takes any stream
 * and asks nobody who they are.
 */
export async function streamsServer(
  options: {
    readonly log?: EventLog;
    readonly port?: number;
    readonly access?: Partial<AccessRules>;
    readonly tls?: NonNullable<StreamsServerOptions['tls']>;
  } = {},
): Promise<StreamsFixture> {
  const log = options.log ?? new MemoryEventLog({ kv: new MemoryKvStore(), project: () => [] });
  const faults: unknown[] = [];
  const server = await StreamsServer.listen({
    log,
    clock: new SystemClock(),
    access: { identify: undefined, isOwn: () => false, ...options.access },
    listen: { host: '127.0.0.1', port: options.port ?? 0 },
    newId: () => randomUUID(),
    onFault: (error) => faults.push(error),
    ...(options.tls && { tls: options.tls }),
  });
  const { port } = server;
  return {
    url: `esdb://127.0.0.1:${port}?tls=false`,
    port,
    log,
    faults,
    close: async () => {
      await server.close();
      if (!options.log) await log.close();
    },
  };
}
