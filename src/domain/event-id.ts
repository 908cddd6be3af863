import { hash } from 'node:crypto';
import type { EventId } from './model.js';

/** The namespace of every event id of ours. */
const NAMESPACE = Buffer.from('6d6f7261696e652d6576656e742d6964', 'hex');

/**
 * Returns the id of an event that follows from a command: the same for a repeat of it.
 *
 * Source: RFC 9562, version 5.
 *
 * @param of  a command's or an intent's id
 * @param part  which of its events in one stream
 */
export function eventIdOf(of: string, part: string | number): EventId {
  const name = `${of}/${part}`;
  const bytes = Buffer.allocUnsafe(NAMESPACE.length + Buffer.byteLength(name));
  NAMESPACE.copy(bytes);
  bytes.write(name, NAMESPACE.length);
  const hex = hash('sha1', bytes, 'hex');
  const variant = VARIANTS[Number.parseInt(hex.charAt(16), 16) & 3];
  const third = `5${hex.slice(13, 16)}`;
  const fourth = `${variant}${hex.slice(17, 20)}`;
  const parts = [hex.slice(0, 8), hex.slice(8, 12), third, fourth, hex.slice(20, 32)];
  return parts.join('-') as EventId;
}

/** The first digit of the fourth group: two bits say what kind of id it is, two are the hash's. */
const VARIANTS = '89ab';
