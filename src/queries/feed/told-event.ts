import { decodeEvent, eventSchemas } from '../../domain/event-types.js';
import { type EventPlace, placeOfEvent } from '../../domain/event-place.js';
import type { RepositoryId, RepositoryUid } from '../../domain/model.js';
import type { EventSchema } from '../../domain/upcast.js';
import type { RecordedEvent } from '../../ports/event-log.js';
import { isTold } from './told-types.js';

/** An event as consumers of the feed are told it: in its newest shape. */
export interface ToldEvent extends EventPlace {
  readonly id: string;
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  /** Of the shape that `data` has here, whichever was stored. */
  readonly version: number;
  /** UTC, epoch, by the writer's clock. */
  readonly atMs: number;
  readonly caller: string;
  readonly requestId: string;
  readonly commandId: string;
  readonly data: object;
}

/** Says what a repository is called, of which an event knows the uid alone. */
export interface RepositoryNames {
  nameOf(uid: RepositoryUid): Promise<RepositoryId | undefined>;
  /** An event says it. */
  learn(uid: RepositoryUid, name: RepositoryId): void;
}

/** Writes an event as bytes for the wire. */
export type WriteEvent = (event: ToldEvent) => Uint8Array;

/** What is kept of an event: where it stands, what filters ask, and its bytes for the wire. */
export interface FeedEvent {
  readonly position: number;
  readonly type: string;
  readonly place: EventPlace;
  /** Empty: nobody is told of it. */
  readonly bytes: Uint8Array;
}

/** Makes what is kept of events, each once for all who are told of it. */
export class FeedEvents {
  constructor(
    private readonly names: RepositoryNames,
    private readonly write: WriteEvent,
  ) {}

  async of(recorded: RecordedEvent): Promise<FeedEvent> {
    const { position, type } = recorded;
    if (!isTold(type)) return { position, type, place: {}, bytes: NOTHING };
    const place = placeOfEvent(recorded);
    const { uid } = place;
    if (type === 'RepositoryCreated' && uid && place.repository) {
      this.names.learn(uid, place.repository);
    }
    const repository = place.repository ?? (uid && (await this.names.nameOf(uid)));
    const named = repository === undefined ? place : { ...place, repository };
    return { position, type, place, bytes: this.write(toldEvent(recorded, named)) };
  }
}

function toldEvent(recorded: RecordedEvent, place: EventPlace): ToldEvent {
  const { id, position, stream, revision, atMs, caller, requestId, commandId } = recorded;
  const { type, version, data } = newestOf(recorded);
  const context = { atMs, caller, requestId, commandId };
  return { id, position, stream, revision, type, version, ...context, ...place, data };
}

/** What a newer program has written is told as it wrote it: its version says so. */
function newestOf(stored: RecordedEvent): Pick<ToldEvent, 'type' | 'version' | 'data'> {
  const { type } = stored;
  const schema = isTold(type) ? (eventSchemas[type] as EventSchema<never>) : undefined;
  if (schema === undefined || stored.version > schema.version) return stored;
  const { type: newest, ...data } = decodeEvent(stored);
  return { type: newest, version: schema.version, data };
}

const NOTHING = new Uint8Array();
