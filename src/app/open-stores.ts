import { join } from 'node:path';
import { LocalBlockStore } from '../block-adapter/local-block-store.js';
import { BlockCommittedStore } from '../committed/block-committed-store.js';
import { hasUnsentCredentials } from '../config/eventstore-url.js';
import type { ServerConfig } from '../config/server.config.js';
import type { StagingToken } from '../domain/model.js';
import { MemoryEventLog } from '../event-log/memory-event-log.js';
import { MemoryKvStore } from '../kv-adapter/memory-kv-store.js';
import { MemoryViewSlots } from '../kv-adapter/memory-view-slots.js';
import type { EventLog } from '../ports/event-log.js';
import type { KvStore } from '../ports/kv-store.js';
import type { ViewSlots } from '../ports/view-slots.js';
import { allProjections, inlineProjection } from '../projections/all-projections.js';
import { partitions } from '../projections/kv-keys.js';
import type { Adapters } from './adapters.module.js';
import { openPostgresStores } from './postgres-stores.js';
import { RandomIds } from './random-ids.js';
import type { Observing } from './observing.js';
import type { AppSurroundings } from './running-app.js';
import { SystemClock } from './system-clock.js';

export interface OpenStores {
  readonly adapters: Adapters;
  readonly slots: ViewSlots;
  /** Makes ready what is slow when it is first used. @throws AbortError */
  warmUp(signal: AbortSignal): Promise<void>;
  /** Answers what waits, then lets every store go. */
  close(): Promise<void>;
}

/** The log, and the views that show what was appended to it. */
interface LogAndViews {
  readonly log: EventLog;
  readonly kv: KvStore;
  readonly slots: ViewSlots;
  close(): Promise<void>;
}

/** Threads run compiled code, which stands beside this file's once both are compiled. */
const RANGE_WORKER = new URL('../committed/range-worker.js', import.meta.url);

/**
 * Opens one adapter behind each port, as the configuration says.
 *
 * @throws whatever keeps a store from opening; nothing is left open then
 */
export async function openStores(
  surroundings: AppSurroundings,
  observing: Observing,
): Promise<OpenStores> {
  const { config, data, secrets, onFatal } = surroundings;
  const clock = new SystemClock();
  const ids = new RandomIds(clock);
  const root = join(data, 'objects');
  const files = await LocalBlockStore.open({
    root,
    onSyncFailed: onFatal,
    ...(config.importEnabled ? { imports: { folders: foldersOf(config), except: [data] } } : {}),
  });
  const blocks = observing.port('blocks', files);
  const { log, kv, slots, close } = await openLog(surroundings, observing);
  const trees = new BlockCommittedStore(blocks, RANGE_WORKER);
  observing.metrics?.stores.followCaches(() => trees.counts);
  return {
    adapters: {
      log: observing.port('log', log),
      kv: observing.port('views', kv),
      blocks,
      committed: observing.port('trees', trees),
      clock,
      ids,
      secrets,
    },
    slots,
    warmUp: async (signal) => {
      // There is no such token: it is asked for the sake of the thread that reads rows.
      const nothing = { kind: 'pack', partition: partitions.staging(NO_TOKEN), limit: 1 } as const;
      await Promise.all([trees.warmUp(signal), kv.read([nothing])]);
    },
    close: async () => {
      await trees.close();
      await close();
    },
  };
}

const NO_TOKEN = 'none' as StagingToken;

const foldersOf = ({ importFolders = '' }: ServerConfig): readonly string[] =>
  importFolders.split(',').flatMap((folder) => (folder.trim() === '' ? [] : [folder.trim()]));

/** The log with its views. */
async function openLog(
  { config, connection, logger, onFatal }: AppSurroundings,
  { appendWatcher }: Observing,
): Promise<LogAndViews> {
  const project = inlineProjection();
  if (config.eventLog === 'eventstoredb') {
    // Its client and gRPC are loaded by those alone who use them.
    const { openEventStoreStores } = await import('./event-store-stores.js');
    const connectionString = config.eventstoreUrl ?? '';
    if (hasUnsentCredentials(connectionString)) {
      logger.warn('without TLS the credentials of eventstoreUrl are not sent');
    }
    if (!connection) logger.info('views in memory: they are built from the log at each start');
    return openEventStoreStores({
      connectionString,
      connection,
      project,
      views: allProjections,
      onFatal,
      onTrouble: (error) => logger.error({ err: error }, 'the views cannot follow the log'),
    });
  }
  if (connection) {
    const watcher = appendWatcher && { watcher: appendWatcher };
    return openPostgresStores({ connection, project, onFatal, ...watcher });
  }
  logger.warn('everything but objects is kept in memory, and is gone when this process ends');
  const kv = new MemoryKvStore();
  const log = new MemoryEventLog({ kv, project });
  return { log, kv, slots: new MemoryViewSlots(kv), close: () => log.close() };
}
