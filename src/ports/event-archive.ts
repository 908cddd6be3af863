import type { EventId } from '../domain/model.js';
import type { RecordedEvent } from './event-log.js';

/** Which events an archive holds. */
export type ArchiveScope =
  | { readonly kind: 'all' }
  /** Of one repository, in all of its lives. */
  | { readonly kind: 'repository'; readonly name: string };

export interface ArchiveAbout {
  readonly scope: ArchiveScope;
  /** The position behind which it begins; 0: with the log's first event. */
  readonly after: number;
  /** The event at that position: a log without it lacks what stands before the archive. */
  readonly before?: { readonly stream: string; readonly id: EventId };
}

/** A part of an archive: whole, durable, never changed. */
export interface ArchivePart {
  /** From 1, without gaps. */
  readonly number: number;
  readonly eventCount: number;
  /** Of the part as it is stored, compressed: 64 lower-case hex digits. */
  readonly sha256: string;
  /** Of its last event, in the log that it came from. */
  readonly lastPosition: number;
}

/**
 * Events out of a log, in the order of their positions, in numbered parts; at every moment a
 * beginning of what the log holds.
 *
 * @throws CorruptData  what is stored is not what was written
 */
export abstract class EventArchive {
  /** Returns what it is of; undefined: there is none yet. */
  abstract about(): Promise<ArchiveAbout | undefined>;

  /** Begins a new one. @throws InvariantError  there is one */
  abstract begin(about: ArchiveAbout): Promise<void>;

  abstract parts(): Promise<readonly ArchivePart[]>;

  /** Adds a part: durable when this returns, and not there at all before. */
  abstract append(events: readonly RecordedEvent[]): Promise<ArchivePart>;

  abstract read(part: ArchivePart): Promise<readonly RecordedEvent[]>;
}

/** Events of one part. */
export const PART_EVENTS_MAX = 20_000;
/** JSON characters of one part, before compression, unless one event alone is more. */
export const PART_CHARACTERS_MAX = 32 * 1024 * 1024;
