import type {
  AllStreamRecordedEvent,
  EventData,
  RecordedEvent as StoredEvent,
  ResolvedEvent,
} from '@eventstore/db-client';
import type { CommandId, EventId } from '../../domain/model.js';
import { keepOutside } from '../../domain/outside-event.js';
import {
  carriedMetadata,
  JSON_CONTENT,
  uncarryParsed,
  type CodedEvent,
} from '../../domain/recorded-event-codec.js';
import { assert } from '../../shared/assert.js';
import { utf8 } from '../../shared/bytes.js';
import type { KeyedEvent, OutgoingEvent } from '../single-stream-store.js';

export function toStored(event: OutgoingEvent): EventData {
  const { id, type, json, key, ...rest } = event;
  return {
    id,
    type,
    contentType: JSON_CONTENT,
    data: JSON.parse(json) as Record<string, unknown>,
    metadata: { ...carriedMetadata({ ...rest, commandId: rest.commandId, ...(key && { key }) }) },
  };
}

/** Undefined of what is no event of a stream that anybody may write: `$`, and deleted ones. */
export function fromStored({
  event: stored,
  commitPosition,
}: Pick<ResolvedEvent, 'commitPosition'> & {
  readonly event?: StoredEvent | AllStreamRecordedEvent;
}): KeyedEvent | undefined {
  if (!stored || isSystems(stored)) return undefined;
  const at = stored.position?.commit ?? commitPosition;
  // Before 22.6 an event of a stream came without.
  assert(at !== undefined, 'EventStoreDB gives no position: 22.10 or newer is needed');
  const place = {
    stream: stored.streamId,
    revision: Number(stored.revision),
    position: toNumber(at),
  };
  const { id, type, metadata, data } = stored;
  const ours = uncarryParsed({ id: id as EventId, type, metadata, data: () => data });
  return { ...(ours ?? outsiders(stored)), ...place, key: ours?.key };
}

export const isSystems = ({ streamId, type }: { streamId: string; type: string }): boolean =>
  streamId.startsWith('$') || type.startsWith('$');

/** A position of the store counts bytes of its log; those of nine petabytes are exact. */
export function toNumber(position: bigint): number {
  assert(position <= MAX, 'a position of EventStoreDB is beyond what this program counts');
  return Number(position);
}

const MAX = BigInt(Number.MAX_SAFE_INTEGER);

/** An event that this program did not write, as its own log would keep it. */
function outsiders(stored: StoredEvent): Omit<CodedEvent, 'key'> {
  const { id, type, created, data, metadata = new Uint8Array(), isJson } = stored;
  const contentType = isJson ? JSON_CONTENT : 'application/octet-stream';
  const event = { type, contentType, data: bytesOf(data), metadata: bytesOf(metadata) };
  return {
    ...keepOutside(event),
    id: id as EventId,
    closes: false,
    atMs: created.getTime(),
    caller: '',
    requestId: '',
    commandId: '' as CommandId,
  };
}

/** The client has parsed what it could. */
const bytesOf = (value: unknown): Uint8Array =>
  value instanceof Uint8Array ? value : utf8(JSON.stringify(value));
