import type { EventId } from '../../domain/model.js';
import { fromUtf8, utf8 } from '../../shared/bytes.js';
import { badArgument } from '../refusal.js';
import type { Bits64, Position, StreamIdentifier, Timestamp, U64, Uuid } from './messages.js';

export const EMPTY = {};

/** The revision of a tombstone: the greatest there is, so that nothing ever follows it. */
export const TOMBSTONE_REVISION: Bits64 = { low: -1, high: 0x7fff_ffff, unsigned: true };
export const U64_MAX: Bits64 = { low: -1, high: -1, unsigned: true };

/** Returns the number; what is too large to be exact comes back as the largest exact one. */
export function numberOf({ low, high }: Bits64): number {
  const value = (high >>> 0) * 2 ** 32 + (low >>> 0);
  return Math.min(value, Number.MAX_SAFE_INTEGER);
}

/** Returns the number of 64 bits with a sign, as near as a double comes. */
export const signedOf = ({ low, high }: Bits64): number => (high | 0) * 2 ** 32 + (low >>> 0);

export const positionOf = (position: number): Position => ({
  commit: position,
  prepare: position,
});

export const timestampOf = (ms: number): Timestamp => ({
  seconds: Math.floor(ms / 1000),
  nanos: (ms - Math.floor(ms / 1000) * 1000) * 1_000_000,
});

export const identifierOf = (stream: string): StreamIdentifier => ({ name: utf8(stream) });

/** @throws Refusal  there is no name, or it is none that a log can keep */
export function streamOf(identifier: StreamIdentifier | null | undefined): string {
  if (!identifier || identifier.name.length === 0) throw badArgument('a stream must be named');
  if (identifier.name.length > STREAM_BYTES_MAX) {
    throw badArgument(`a stream's name has at most ${STREAM_BYTES_MAX} bytes`);
  }
  let stream: string;
  try {
    stream = fromUtf8(identifier.name);
  } catch {
    throw badArgument("a stream's name must be UTF-8");
  }
  if (stream.includes('\0')) throw badArgument("a stream's name must not hold NUL");
  return stream;
}

/** @throws Refusal  it is no UUID */
export function eventIdOf(uuid: Uuid | null | undefined): EventId {
  const text = uuidOf(uuid);
  if (text === undefined) throw badArgument('an event id must be a UUID');
  return text as EventId;
}

/** Returns the text of a UUID in lower case, or undefined when it is none. */
export function uuidOf(uuid: Uuid | null | undefined): string | undefined {
  if (uuid?.form === 'string') {
    const text = String(uuid.string).toLowerCase();
    return UUID.test(text) ? text : undefined;
  }
  if (uuid?.form !== 'structured' || !uuid.structured) return undefined;
  const hex = `${hex64(uuid.structured.most)}${hex64(uuid.structured.least)}`;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Returns a UUID in the form that the client asked for. */
export function uuidIn(form: 'structured' | 'string', id: string): Uuid {
  if (form === 'string') return { string: id };
  const hex = id.replaceAll('-', '');
  const bits = (at: number): Bits64 => ({
    high: Number.parseInt(hex.slice(at, at + 8), 16) | 0,
    low: Number.parseInt(hex.slice(at + 8, at + 16), 16) | 0,
    unsigned: false,
  });
  return { structured: { most: bits(0), least: bits(16) } };
}

function hex64(value: U64): string {
  const { high, low } = typeof value === 'number' ? bitsOf(value) : value;
  const part = (word: number) => (word >>> 0).toString(16).padStart(8, '0');
  return part(high) + part(low);
}

const bitsOf = (value: number) => ({ high: Math.floor(value / 2 ** 32), low: value >>> 0 });

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** As the log has it. */
const STREAM_BYTES_MAX = 2048;
