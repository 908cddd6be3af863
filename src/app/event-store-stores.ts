import type { ClientConfig } from 'pg';
import { EventStoreStreams } from '../event-log/eventstoredb/event-store-streams.js';
import { failureOf } from '../event-log/postgres/failures.js';
import { StepwiseEventLog } from '../event-log/stepwise-event-log.js';
import { ViewProgress } from '../event-log/view-progress.js';
import { ViewProjector, type ViewedEvent } from '../event-log/view-projector.js';
import { FollowedViewSlots } from '../kv-adapter/followed-view-slots.js';
import { FreshKvStore } from '../kv-adapter/fresh-kv-store.js';
import { MemoryKvStore } from '../kv-adapter/memory-kv-store.js';
import { MemoryViewSlots } from '../kv-adapter/memory-view-slots.js';
import { MemoryViewWriter } from '../kv-adapter/memory-view-writer.js';
import { PostgresViewWriter } from '../kv-adapter/postgres-view-writer.js';
import type { EventLog, InlineProjection } from '../ports/event-log.js';
import type { KvStore } from '../ports/kv-store.js';
import { StoreUnavailable, UnknownOutcome } from '../ports/store-errors.js';
import type { ViewSlots } from '../ports/view-slots.js';
import type { ViewWriter } from '../ports/view-writer.js';
import { migrateBeside, postgresViews } from './postgres-stores.js';
import { servicePool } from './service-pool.js';
import { StartError } from './start-error.js';

export interface EventStoreStoresOptions {
  /** As EventStoreDB's own clients take it. */
  readonly connectionString: string;
  /** Of the Postgres that has the views; undefined: they are in memory. */
  readonly connection: ClientConfig | undefined;
  readonly project: InlineProjection;
  /** The views that there are, of which a log that is read from its beginning misses nothing. */
  readonly views?: readonly { readonly name: string; readonly version: number }[];
  readonly onFatal: (error: unknown) => void;
  /** Hears what keeps the views behind the log. */
  readonly onTrouble: (error: unknown) => void;
  /** How long a call waits for the store, or an append for the views. */
  readonly outcomeMsMax?: number;
  readonly appendMsMax?: number;
}

export interface EventStoreStores {
  readonly log: EventLog;
  readonly kv: KvStore;
  readonly slots: ViewSlots;
  readonly bulk: BulkLog;
  /** Answers what waits, then lets everything go. */
  close(): Promise<void>;
}

/** The log for who appends much: an append does not wait for the views, which stay a bit behind. */
export interface BulkLog {
  readonly log: EventLog;
  /** Resolves when the views show all that is in the log now, however long it takes. */
  caughtUp(): Promise<void>;
}

/** Where views stand that follow a log. */
interface Views {
  readonly kv: KvStore;
  readonly slots: ViewSlots;
  readonly writer: ViewWriter;
  close(): Promise<void>;
}

/**
 * Opens the log in an EventStoreDB and its views in Postgres or in memory, and waits until the
 * views show what is in the log.
 *
 * @throws StartError  the views are of another log; StoreUnavailable: the store does not answer
 */
export async function openEventStoreStores(
  options: EventStoreStoresOptions,
): Promise<EventStoreStores> {
  const { connectionString, connection, outcomeMsMax = OUTCOME_MS_MAX, appendMsMax } = options;
  const progress = new ViewProgress();
  const views = connection ? await inPostgres(connection, options) : inMemory();
  const streams = new EventStoreStreams({
    connectionString,
    views: progress,
    outcomeMsMax,
    ...(appendMsMax !== undefined && { appendMsMax }),
  });
  const projector = new ViewProjector({
    writer: views.writer,
    progress,
    project: options.project,
    follow: (after, signal) => followed(streams, after, signal),
    lastPosition: (after) => streams.lastPosition(after),
    onTrouble: options.onTrouble,
  });
  const close = async () => {
    await projector.close();
    await streams.close();
    await views.close();
  };
  try {
    await assertOneLog(streams, views.writer);
    await declareAll(views, options.views ?? []);
    await projector.start();
  } catch (error) {
    await close();
    throw error;
  }
  const log = new StepwiseEventLog({
    store: streams,
    shown: (position) => shown(progress, position, outcomeMsMax),
  });
  const caughtUp = async (msMax: number) => {
    await progress.reached(await streams.lastPosition(progress.position), msMax);
  };
  const bulk = new StepwiseEventLog({
    store: streams,
    shown: behindBy(BULK_APPENDS_BEHIND_MAX, (at) => shown(progress, at, outcomeMsMax)),
  });
  return {
    log,
    bulk: { log: bulk, caughtUp: () => caughtUp(Number.POSITIVE_INFINITY) },
    kv: connection ? views.kv : new FreshKvStore(views.kv, () => caughtUp(outcomeMsMax)),
    slots: new FollowedViewSlots(views.slots, (work) =>
      progress.hold(async () => {
        await projector.refresh();
        return work();
      }),
    ),
    close: async () => {
      await bulk.close();
      await log.close();
      await close();
    },
  };
}

/**
 * An append that the views do not show is in the log, and its caller must not be told otherwise.
 */
async function shown(progress: ViewProgress, position: number, msMax: number): Promise<void> {
  try {
    await progress.reached(position, msMax);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    throw new UnknownOutcome('it is in the log, and the views do not show it', { cause: error });
  }
}

/** Returns what waits for the views to show not this append, but one of so many before it. */
function behindBy(
  appends: number,
  reached: (position: number) => Promise<void>,
): (position: number) => Promise<void> {
  const positions: number[] = [];
  return async (position) => {
    positions.push(position);
    const before = positions.length > appends ? positions.shift() : undefined;
    if (before !== undefined) await reached(before);
  };
}

async function* followed(
  streams: EventStoreStreams,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<ViewedEvent> {
  for await (const { event, position } of streams.follow({ after, signal })) {
    // How far the store has looked in vain need not be kept: it looks there again.
    if (event) yield { event, position };
  }
}

/** A store that ends before the place that the views have come to is not the one they are of. */
async function assertOneLog(streams: EventStoreStreams, writer: ViewWriter): Promise<void> {
  const position = await writer.position();
  const end = await streams.end();
  if (position <= end) return;
  throw new StartError(
    'other_log',
    'the views are of another log than the one in this EventStoreDB',
  );
}

/** From its beginning on the projector writes them all: there is nothing to be built anew. */
async function declareAll(
  { slots, writer }: Views,
  views: readonly { readonly name: string; readonly version: number }[],
): Promise<void> {
  if ((await writer.position()) > 0) return;
  for (const { name, version } of views) await slots.declare(name, version);
}

function inMemory(): Views {
  const kv = new MemoryKvStore();
  const writer = new MemoryViewWriter(kv);
  return { kv, slots: new MemoryViewSlots(kv), writer, close: () => kv.close() };
}

async function inPostgres(
  connection: ClientConfig,
  { onFatal, outcomeMsMax }: EventStoreStoresOptions,
): Promise<Views> {
  await migrateBeside(connection);
  // A step may wait for a swap of views, and that for a look at where they are.
  const pool = servicePool(connection, 'views', 3);
  const writer = new PostgresViewWriter({ pool, failureOf, onFatal });
  const { kv, slots, close } = postgresViews({
    connection,
    onFatal,
    ...(outcomeMsMax !== undefined && { answerMsMax: outcomeMsMax }),
  });
  const closeAll = async () => {
    await writer.close();
    await close();
  };
  if (await writer.hasOwnLog()) {
    await closeAll();
    throw new StartError(
      'other_log',
      'this Postgres has a log of its own, and its views are of that',
    );
  }
  return { kv, slots, writer, close: closeAll };
}

const OUTCOME_MS_MAX = 10_000;
/** Enough that the views go on in long steps. */
const BULK_APPENDS_BEHIND_MAX = 64;
