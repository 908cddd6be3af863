/**
 * An event of ours as EventStoreDB's protocol carries it, and back: docs/formats/streams.md.
 *
 * Both ways without loss. JSON escapes NUL and half of a surrogate pair, so that both survive
 * protobuf's UTF-8 and every store's text.
 */
import { fromUtf8, utf8 } from '../shared/bytes.js';
import type { CommandId, EventId } from './model.js';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** All that stands on an event of ours, less its stream and its places. */
export interface CodedEvent {
  readonly id: EventId;
  readonly type: string;
  /** The schema version of `data`, from 1. */
  readonly version: number;
  readonly data: { readonly [key: string]: Json };
  readonly closes: boolean;
  readonly key?: Uint8Array;
  /** UTC, epoch. */
  readonly atMs: number;
  readonly caller: string;
  readonly requestId: string;
  readonly commandId: CommandId;
}

/** An event as the protocol carries it. Its bytes are what a client gave, and what one gets. */
export interface CarriedEvent {
  /** A UUID, lower-case. */
  readonly id: EventId;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  /** Empty when there is none. */
  readonly metadata: Uint8Array;
}

export const JSON_CONTENT = 'application/json';

/** Returns the event as it is carried: `data` as JSON, and the rest of it as JSON metadata. */
export function carry(event: Uncarried): CarriedEvent {
  const { id, type, data } = event;
  return {
    id,
    type,
    contentType: JSON_CONTENT,
    data: utf8(JSON.stringify(data)),
    metadata: utf8(JSON.stringify(carriedMetadata(event))),
  };
}

/** Returns what stands in the metadata: all of the event but its id, type and data. */
export function carriedMetadata(event: Omit<Uncarried, 'id' | 'type' | 'data'>): {
  readonly $correlationId: string;
  readonly moraine: { readonly [key: string]: Json };
} {
  const { version, closes, key, atMs, caller, requestId, commandId } = event;
  const moraine = {
    version,
    atMs,
    caller,
    requestId,
    ...(closes === true && { closes }),
    ...(key && { key: Buffer.from(key).toString('base64') }),
  };
  return { $correlationId: commandId, moraine };
}

/** One that is appended may leave out that it does not close. */
type Uncarried = Omit<CodedEvent, 'closes'> & { readonly closes?: boolean };

/** Returns the event that was carried so, or undefined when it is none that {@link carry} made. */
export function uncarry(carried: CarriedEvent): CodedEvent | undefined {
  if (carried.contentType !== JSON_CONTENT) return undefined;
  const { id, type } = carried;
  const metadata = parseObject(carried.metadata);
  return metadata && uncarryParsed({ id, type, metadata, data: () => parseObject(carried.data) });
}

/** As {@link uncarry}, of what a client has parsed already. */
export function uncarryParsed(carried: {
  readonly id: EventId;
  readonly type: string;
  readonly metadata: unknown;
  readonly data: () => unknown;
}): CodedEvent | undefined {
  const { metadata } = carried;
  if (!isObject(metadata)) return undefined;
  const { moraine: of, $correlationId: commandId } = metadata;
  if (typeof commandId !== 'string' || !isObject(of)) return undefined;
  const { version, atMs, caller, requestId, closes, key } = of;
  const isOurs =
    Number.isSafeInteger(version) &&
    Number.isSafeInteger(atMs) &&
    typeof caller === 'string' &&
    typeof requestId === 'string' &&
    (closes === undefined || closes === true) &&
    (key === undefined || typeof key === 'string');
  if (!isOurs) return undefined;
  const data = carried.data();
  if (!isObject(data)) return undefined;
  return {
    id: carried.id,
    type: carried.type,
    version: Number(version),
    data,
    closes: closes === true,
    ...(typeof key === 'string' && { key: new Uint8Array(Buffer.from(key, 'base64')) }),
    atMs: Number(atMs),
    caller,
    requestId,
    commandId: commandId as CommandId,
  };
}

function parseObject(bytes: Uint8Array): CodedEvent['data'] | undefined {
  if (bytes.length === 0) return undefined;
  try {
    const value: unknown = JSON.parse(fromUtf8(bytes));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is CodedEvent['data'] =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
