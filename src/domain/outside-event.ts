/**
 * An event that an outsider appended by EventStoreDB's protocol, as the log keeps it.
 *
 * Its type stands behind a prefix that no type of ours has, so that no view and no decider takes it
 * for one of ours, whatever it calls itself. Its bytes are kept exactly as they came.
 */
import { fromUtf8, utf8 } from '../shared/bytes.js';
import type { CarriedEvent } from './recorded-event-codec.js';

const PREFIX = 'outside/';

/** Of data and metadata together, as the outsider gives them. */
export const OUTSIDE_EVENT_BYTES_MAX = 4 * 1024 * 1024;
/** The same, over all events of an append. */
export const OUTSIDE_APPEND_BYTES_MAX = 16 * 1024 * 1024;
export const OUTSIDE_EVENTS_MAX = 10_000;
/** As JSON in the log, which Base64 makes a third longer, and a little for what is around it. */
export const KEPT_EVENT_BYTES_MAX = 6 * 1024 * 1024;
export const KEPT_APPEND_BYTES_MAX = 24 * 1024 * 1024;

export const isOutsideType = (type: string): boolean => type.startsWith(PREFIX);

/** Text where the bytes are one and that is the shorter form of them, else Base64. */
type Kept = string | { readonly base64: string };

type KeptEvent = {
  readonly contentType: string;
  readonly data: Kept;
  /** Left out when there is none. */
  readonly metadata?: Kept;
};

export interface OutsideEvent {
  readonly type: string;
  readonly version: 1;
  readonly data: KeptEvent;
}

/** Returns what the log keeps of an outsider's event. */
export function keepOutside(event: Omit<CarriedEvent, 'id'>): OutsideEvent {
  const { type, contentType, data, metadata } = event;
  return {
    type: PREFIX + type,
    version: 1,
    data: {
      contentType,
      data: kept(data),
      ...(metadata.length > 0 && { metadata: kept(metadata) }),
    },
  };
}

/** Returns the event as the outsider gave it; `type` and `data` are of {@link keepOutside}. */
export function outsideOf({
  type,
  data,
}: {
  type: string;
  data: object;
}): Omit<CarriedEvent, 'id'> {
  const event = data as KeptEvent;
  return {
    type: type.slice(PREFIX.length),
    contentType: event.contentType,
    data: bytesOf(event.data),
    metadata: event.metadata === undefined ? new Uint8Array() : bytesOf(event.metadata),
  };
}

function kept(bytes: Uint8Array): Kept {
  try {
    const text = fromUtf8(bytes);
    // Quotes and control characters are escaped in the log's JSON, one by up to six.
    const growth = JSON.stringify(text).length - text.length;
    if (growth <= bytes.length / 3 + 2) return text;
  } catch {
    // No text.
  }
  return { base64: Buffer.from(bytes).toString('base64') };
}

const bytesOf = (value: Kept): Uint8Array =>
  typeof value === 'string' ? utf8(value) : new Uint8Array(Buffer.from(value.base64, 'base64'));
