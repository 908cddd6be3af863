import { createHash, timingSafeEqual } from 'node:crypto';
import type { ServerConfig } from '../config/server.config.js';
import { DomainError } from '../domain/errors.js';
import { INSTALLATION_STREAM } from '../domain/installation/installation.stream.js';
import { isOutsideType } from '../domain/outside-event.js';
import { MemoryEventLog } from '../event-log/memory-event-log.js';
import { MemoryKvStore } from '../kv-adapter/memory-kv-store.js';
import type { EventLog } from '../ports/event-log.js';
import type { Proof } from '../streams/access.js';
import { openPostgresStores } from './postgres-stores.js';
import type { AppSurroundings, RunningApp } from './running-app.js';
import { StartError } from './start-error.js';
import { openStreamsEdge, STREAMS_LISTEN, type StreamsEdge } from './streams-edge.js';
import { SystemClock } from './system-clock.js';

/**
 * Opens a log and nothing more: no views, no objects, no API. Clients of EventStoreDB read it and
 * append to any stream; it is what a migration can go to.
 *
 * @throws StartError  nobody could use it, or the database is a whole installation's
 */
export async function openPlainLog(surroundings: AppSurroundings): Promise<RunningApp> {
  const { config, logger } = surroundings;
  const identify = identifyOf(config);
  const { log, close } = await openLog(surroundings);
  let edge: StreamsEdge | undefined;
  try {
    if ((await firstTypeOf(log)) === 'own') {
      throw new StartError(
        'streams',
        'this database is that of a whole Moraine: start it by `moraine serve`, ' +
          'which serves its log too',
      );
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    adminBanner: undefined,
    listen: async () => {
      edge = await openStreamsEdge({
        config: { ...config, streamsListen: config.streamsListen ?? STREAMS_LISTEN },
        log,
        clock: new SystemClock(),
        logger,
        access: { identify, isOwn: () => false },
      });
      if (!edge) throw new StartError('streams', 'a log that is not served is of no use');
      return edge.url;
    },
    drain: () => undefined,
    close: async () => {
      await edge?.close();
      await close();
    },
  };
}

/** @throws StartError  the database holds a log that `moraine log` has written */
export async function assertNoPlainLog(log: EventLog): Promise<void> {
  if ((await firstTypeOf(log)) !== 'outside') return;
  throw new StartError(
    'streams',
    'this database is a plain log: start it by `moraine log`, and let a server use it by ' +
      'MORAINE_EVENT_LOG=eventstoredb',
  );
}

/** Whose events the stream holds that every installation has. */
async function firstTypeOf(log: EventLog): Promise<'own' | 'outside' | 'none'> {
  const options = { from: 0, direction: 'forward', limit: 1 } as const;
  const [first] = await log.read(INSTALLATION_STREAM, options);
  if (!first) return 'none';
  return isOutsideType(first.type) ? 'outside' : 'own';
}

async function openLog({ connection, onFatal }: AppSurroundings) {
  const project = () => [];
  if (connection) return openPostgresStores({ connection, project, onFatal });
  const log = new MemoryEventLog({ kv: new MemoryKvStore(), project });
  return { log, close: () => log.close() };
}

/** A plain log has no users: there is one key pair, and it stands in the configuration. */
function identifyOf({ streamsInsecure, adminAccessKeyId, adminSecretAccessKey }: ServerConfig) {
  if (streamsInsecure) return undefined;
  if (adminAccessKeyId === undefined || adminSecretAccessKey === undefined) {
    throw new StartError(
      'streams',
      'say who may use the log: MORAINE_ADMIN_ACCESS_KEY_ID and MORAINE_ADMIN_SECRET_ACCESS_KEY, ' +
        'or MORAINE_STREAMS_INSECURE=true for anybody',
    );
  }
  const wanted = digest(`${adminAccessKeyId}:${adminSecretAccessKey}`);
  return async ({ header }: Proof): Promise<string> => {
    const given = Buffer.from(header.slice('basic '.length), 'base64').toString();
    if (!timingSafeEqual(digest(given), wanted)) throw new DomainError('authentication_failed');
    return adminAccessKeyId;
  };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
