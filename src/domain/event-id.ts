import { createHash } from 'node:crypto';
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
  const hash = createHash('sha1').update(NAMESPACE).update(`${of}/${part}`).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex', 0, 16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-') as EventId;
}
