import { FolderArchive } from '../event-log/archive/folder-archive.js';
import { connectorOf } from '../event-log/postgres/connect.js';
import { PostgresLogSeal } from '../event-log/postgres/postgres-log-seal.js';
import type { OnProgress, StreamsMover } from '../cli/command.js';
import { ConfigError } from '../config/config-error.js';
import type { ServerConfig } from '../config/server.config.js';
import { exportStreams } from '../migration/streams/export-streams.js';
import { importStreams } from '../migration/streams/import-streams.js';
import { lastPositionOf } from '../migration/streams/last-position.js';
import {
  verifyEvents,
  verifyViews,
  type ViewVerified,
} from '../migration/streams/verify-streams.js';
import type { EventArchive } from '../ports/event-archive.js';
import { APPEND_EVENTS_MAX } from '../ports/event-log.js';
import type { LogSeal } from '../ports/log-seal.js';
import { allProjections } from '../projections/all-projections.js';
import { type OpenLog, withLog } from './with-log.js';

/** Leaves room for the events of others in a call. */
const EVENTS_PER_APPEND = APPEND_EVENTS_MAX / 4;

/**
 * Opens what moves event streams, beside a server that runs or without one, and closes it after
 * the work.
 *
 * @throws ConfigError  everything is kept in memory
 */
export async function withStreams<Result>(
  config: ServerConfig,
  work: (streams: StreamsMover) => Promise<Result>,
): Promise<Result> {
  return withLog(config, (opened) => work(moverOf(opened, sealOf(opened))));
}

function sealOf({ connection, isLogInPostgres }: OpenLog): LogSeal | undefined {
  if (!isLogInPostgres || connection === undefined) return undefined;
  return new PostgresLogSeal(() => connectorOf(connection)('seal'));
}

function moverOf(
  { log, slots, loader, bulk, keepsOrder }: OpenLog,
  seal: LogSeal | undefined,
): StreamsMover {
  return {
    async export({ folder, scope, after }, onProgress) {
      const end = Math.max(1, (await lastPositionOf(log, after)) - after);
      const onPart = (done: { eventCount: number; position: number }) =>
        onProgress({ count: done.eventCount, part: Math.min(1, (done.position - after) / end) });
      const archive = new FolderArchive(folder);
      const report = await exportStreams(log, archive, { scope, after, onPart });
      const { eventCount: events, partCount: parts, lastPosition: position } = report;
      return { events, parts, position };
    },
    async import({ folder, as }, onProgress) {
      const report = await importStreams(bulk?.log ?? log, new FolderArchive(folder), {
        ...(as !== undefined && { as }),
        isSideBySide: !keepsOrder,
        loader,
        eventsPerAppend: EVENTS_PER_APPEND,
        onPart: progressTo(onProgress),
      });
      await bulk?.caughtUp();
      return { written: report.writtenCount, known: report.knownCount };
    },
    async verify({ folder, as }, onProgress) {
      const archive = new FolderArchive(folder);
      const options = { ...(as !== undefined && { as }), onPart: progressTo(onProgress) };
      const { eventCount, difference } = await verifyEvents(log, archive, options);
      if (difference) {
        const { number, stream, revision, what } = difference;
        const told = `event ${number}, ${stream} revision ${revision}: ${what}`;
        return { events: eventCount, difference: told, views: [] };
      }
      const isWhole = await isOfAll(archive);
      const views = isWhole ? await verifyViews(slots, archive, allProjections) : [];
      return { events: eventCount, difference: undefined, views: views.map(toldOf) };
    },
    seal: async (note) => sealed(seal).seal(note),
    unseal: async () => sealed(seal).unseal(),
  };
}

function sealed(seal: LogSeal | undefined): LogSeal {
  if (seal !== undefined) return seal;
  throw new ConfigError(['only a log in Postgres can be sealed; stop the servers of this one']);
}

async function isOfAll(archive: EventArchive): Promise<boolean> {
  const about = await archive.about();
  return about?.scope.kind === 'all' && about.after === 0;
}

const progressTo =
  (onProgress: OnProgress) =>
  ({ eventCount, totalCount }: { eventCount: number; totalCount: number }): void =>
    onProgress({ count: eventCount, part: totalCount === 0 ? 1 : eventCount / totalCount });

function toldOf({ view, rowCount, sha256, differingCount, first }: ViewVerified) {
  const key = first && Buffer.from(first.key).toString();
  const is =
    differingCount === 0
      ? undefined
      : `${differingCount} rows differ, first ${first?.partition ?? ''} ${key ?? ''}`;
  return { view, rows: rowCount, sha256, is };
}
