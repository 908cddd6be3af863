import { isOutsideType } from '../domain/outside-event.js';
import type { EventLog, RecordedEvent } from '../ports/event-log.js';
import { fromUtf8 } from '../shared/bytes.js';
import { servedEvent, TOMBSTONE_TYPE, type ServedEvent } from './served-event.js';

/** What a stream is at one moment, and what its metadata leaves of it to be seen. */
export interface StreamState {
  /** Of the last event, seen or not; -1 when there is none. */
  readonly lastRevision: number;
  /** For ever: by an event that nothing follows. */
  readonly isTombstoned: boolean;
  /** By its metadata: it begins again with the next event. */
  readonly isDeleted: boolean;
  /** Of the first event that may be seen; one more than the last when none may. */
  readonly firstRevision: number;
  /** Events before this are not seen; UTC, epoch. */
  readonly since?: number;
  readonly metadata?: StreamMetadata;
}

/** The newest `$metadata` event of a stream's metadata stream. */
export interface StreamMetadata {
  readonly revision: number;
  readonly position: number;
  /** As it stands in the event; `$acl` and what the users of a stream keep in it, too. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Of the last event when the stream was deleted; left out in what a client wrote by itself. */
  readonly deletedUntil?: number;
}

export const METADATA_TYPE = '$metadata';
/** Stands in the metadata of the event that deletes a stream. */
export const DELETED_UNTIL = 'moraineDeletedUntil';

export const metadataStreamOf = (stream: string): string => `$$${stream}`;
export const isMetadataStream = (stream: string): boolean => stream.startsWith('$$');

/** Says what streams are, by the log alone: nothing is kept from one question to the next. */
export class StreamStates {
  /** @param isOwn  streams that no outsider appends to, and so have no metadata */
  constructor(
    private readonly log: EventLog,
    private readonly isOwn: (stream: string) => boolean,
    private readonly nowMs: () => number,
  ) {}

  async of(stream: string): Promise<StreamState> {
    const [end, metadata] = await Promise.all([this.log.end(stream), this.#metadataOf(stream)]);
    // Of Moraine's own events many close their stream, and none of those deletes it.
    const last = end.isClosed && !this.isOwn(stream) ? await this.#lastOf(stream) : undefined;
    const isTombstoned = last !== undefined && servedEvent(last).carried.type === TOMBSTONE_TYPE;
    if (isMetadataStream(stream)) {
      const firstRevision = Math.max(0, end.revision);
      return { lastRevision: end.revision, isTombstoned, isDeleted: false, firstRevision };
    }
    if (!metadata) {
      return { lastRevision: end.revision, isTombstoned, isDeleted: false, firstRevision: 0 };
    }
    return { ...(await this.#limited(stream, end.revision, metadata)), isTombstoned };
  }

  async #limited(stream: string, lastRevision: number, metadata: StreamMetadata) {
    const { $tb, $maxCount, $maxAge } = metadata.fields;
    const first: number[] = [0];
    let isDeleted = false;
    if (isCount($tb) && $tb >= DELETED) {
      const until = metadata.deletedUntil ?? (await this.#lastBefore(stream, metadata.position));
      isDeleted = lastRevision <= until;
      first.push(until + 1);
    } else if (isCount($tb)) {
      first.push(Math.min($tb, lastRevision + 1));
    }
    if (isCount($maxCount) && $maxCount > 0) first.push(lastRevision + 1 - $maxCount);
    const since = isCount($maxAge) && $maxAge > 0 ? this.nowMs() - $maxAge * 1000 : undefined;
    return {
      lastRevision,
      isDeleted,
      firstRevision: Math.max(...first),
      metadata,
      ...(since !== undefined && { since }),
    };
  }

  async #metadataOf(stream: string): Promise<StreamMetadata | undefined> {
    if (isMetadataStream(stream) || this.isOwn(stream)) return undefined;
    const recorded = await this.#lastOf(metadataStreamOf(stream));
    if (!recorded || !isOutsideType(recorded.type)) return undefined;
    const { carried, revision, position } = servedEvent(recorded);
    if (carried.type !== METADATA_TYPE) return undefined;
    const until = objectOf(carried.metadata)?.[DELETED_UNTIL];
    return {
      revision,
      position,
      fields: objectOf(carried.data) ?? {},
      ...(typeof until === 'number' && { deletedUntil: until }),
    };
  }

  async #lastOf(stream: string): Promise<RecordedEvent | undefined> {
    const options = { from: Number.MAX_SAFE_INTEGER, direction: 'backward', limit: 1 } as const;
    return (await this.log.read(stream, options))[0];
  }

  /** Returns the revision of the last event before a position of the log; -1 when there is none. */
  async #lastBefore(stream: string, position: number): Promise<number> {
    let from = Number.MAX_SAFE_INTEGER;
    for (;;) {
      const events = await this.log.read(stream, { from, direction: 'backward', limit: 100 });
      const found = events.find((event) => event.position < position);
      if (found) return found.revision;
      const lowest = events.at(-1);
      if (!lowest || lowest.revision === 0) return -1;
      from = lowest.revision - 1;
    }
  }
}

/** Returns whether an event of a stream may be seen. */
export const isVisible = ({ firstRevision, since }: StreamState, event: ServedEvent): boolean =>
  event.revision >= firstRevision && (since === undefined || event.createdAtMs >= since);

/** As EventStoreDB writes it: the greatest 64-bit number, which a double only comes near. */
export const DELETED = 2 ** 63;

const isCount = (value: unknown): value is number => typeof value === 'number' && value >= 0;

function objectOf(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(fromUtf8(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
