import { join } from 'node:path';
import { LocalBlockStore } from '../block-adapter/local-block-store.js';
import { BlockCommittedStore } from '../committed/block-committed-store.js';
import type { ServerConfig } from '../config/server.config.js';
import { MemoryEventLog } from '../event-log/memory-event-log.js';
import { MemoryKvStore } from '../kv-adapter/memory-kv-store.js';
import { MemoryViewSlots } from '../kv-adapter/memory-view-slots.js';
import type { ViewSlots } from '../ports/view-slots.js';
import { inlineProjection } from '../projections/all-projections.js';
import type { Adapters } from './adapters.module.js';
import { openPostgresStores } from './postgres-stores.js';
import { RandomIds } from './random-ids.js';
import type { Observing } from './observing.js';
import type { AppSurroundings } from './running-app.js';
import { SystemClock } from './system-clock.js';

export interface OpenStores {
  readonly adapters: Adapters;
  readonly slots: ViewSlots;
  /** Answers what waits, then lets every store go. */
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
    close: async () => {
      await trees.close();
      await close();
    },
  };
}

const foldersOf = ({ importFolders = '' }: ServerConfig): readonly string[] =>
  importFolders.split(',').flatMap((folder) => (folder.trim() === '' ? [] : [folder.trim()]));

/** The log with the views that are written in its appends. */
async function openLog({ connection, onFatal }: AppSurroundings, { appendWatcher }: Observing) {
  const project = inlineProjection();
  if (connection) {
    const watcher = appendWatcher && { watcher: appendWatcher };
    return openPostgresStores({ connection, project, onFatal, ...watcher });
  }
  const kv = new MemoryKvStore();
  const log = new MemoryEventLog({ kv, project });
  return { log, kv, slots: new MemoryViewSlots(kv), close: () => log.close() };
}
