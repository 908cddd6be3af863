import { guardKeyOf } from '../domain/event-types.js';
import { isOutsideType, outsideOf } from '../domain/outside-event.js';
import { carry, type CarriedEvent } from '../domain/recorded-event-codec.js';
import type { RecordedEvent } from '../ports/event-log.js';
import type { ReadEvent, Recorded } from './protocol/messages.js';
import { EMPTY, identifierOf, TOMBSTONE_REVISION, uuidIn } from './protocol/values.js';

/** The type of the event that ends a stream for ever. */
export const TOMBSTONE_TYPE = '$streamDeleted';
/** The type of a link: its data is `<revision>@<stream>` of the event that it stands for. */
export const LINK_TYPE = '$>';

/** An event of the log in the form that clients are given it in, made once for all of them. */
export interface ServedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  /** UTC, epoch: by the clock of whoever wrote it. */
  readonly createdAtMs: number;
  readonly carried: CarriedEvent;
  /** Of what a client is sent of it, nearly. */
  readonly sizeBytes: number;
}

export function servedEvent(recorded: RecordedEvent): ServedEvent {
  const { id, stream, revision, position, atMs } = recorded;
  const carried = isOutsideType(recorded.type) ? { id, ...outsideOf(recorded) } : own(recorded);
  const sizeBytes = AROUND_BYTES + carried.data.length + carried.metadata.length;
  return { stream, revision, position, createdAtMs: atMs, carried, sizeBytes };
}

function own(recorded: RecordedEvent): CarriedEvent {
  const key = guardKeyOf(recorded);
  return carry(key ? { ...recorded, key } : recorded);
}

export const isTombstone = ({ carried }: ServedEvent): boolean => carried.type === TOMBSTONE_TYPE;

export type UuidForm = 'structured' | 'string';

/** @param link  the event that stood in the stream, when `event` is the one it links to */
export function readEventOf(
  event: ServedEvent | undefined,
  form: UuidForm,
  link?: ServedEvent,
): ReadEvent {
  const original = link ?? event;
  return {
    ...(event && { event: recordedOf(event, form) }),
    ...(link && { link: recordedOf(link, form) }),
    ...(original ? { commit: original.position } : { noPosition: EMPTY }),
  };
}

function recordedOf(event: ServedEvent, form: UuidForm): Recorded {
  const { carried, stream, revision, position, createdAtMs } = event;
  return {
    id: uuidIn(form, carried.id),
    stream: identifierOf(stream),
    revision: isTombstone(event) ? TOMBSTONE_REVISION : revision,
    prepare: position,
    commit: position,
    metadata: {
      type: carried.type,
      created: `${createdAtMs}0000`,
      'content-type': carried.contentType,
    },
    customMetadata: carried.metadata,
    data: carried.data,
  };
}

/** Names, ids and numbers of an event, as it goes over the wire. */
const AROUND_BYTES = 200;
