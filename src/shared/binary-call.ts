import type { Duplex } from 'node:stream';

/** A statement by its name, and its parameters in Postgres's binary form. */
export interface BinaryCall {
  readonly name: string;
  readonly text: string;
  readonly values: readonly Buffer[];
}

/** What is used of the driver's connection; its types leave out what the server has parsed. */
interface Wire {
  readonly stream: Duplex;
  /** Texts by their names. */
  readonly parsedStatements: Readonly<Record<string, string>>;
  parse(query: { name: string; text: string; types: [] }, more: boolean): void;
}

/**
 * Sends a call on the driver's connection, in one call of the system; behind the text of the
 * statement when the server has not parsed it yet.
 */
export function sendCall(
  connection: object,
  { name, text, values }: BinaryCall,
  rows: 'text' | 'binary',
): void {
  const wire = connection as Wire;
  const call = callMessage(name, values, rows);
  // The client notes what was parsed, once the server has said so.
  if (wire.parsedStatements[name] !== undefined) {
    wire.stream.write(call);
    return;
  }
  wire.stream.cork();
  wire.parse({ name, text, types: [] }, MORE);
  wire.stream.write(call);
  wire.stream.uncork();
}

/**
 * Returns the call of a statement that the server has parsed, as one piece: what it is called with,
 * all in Postgres's binary form, that all its rows are wanted, and that it is the end.
 *
 * Source: Postgres's protocol, version 3, "Bind", "Execute", "Sync".
 *
 * @param name  of the statement
 * @param rows  the form of their fields
 */
function callMessage(name: string, values: readonly Buffer[], rows: 'text' | 'binary'): Buffer {
  const ownBytes = 1 + 4 + 1 + (Buffer.byteLength(name) + 1) + 2 + 2 + 2 + 4 * values.length + 4;
  let sizeBytes = ownBytes;
  for (const { length } of values) sizeBytes += length;
  const message = Buffer.allocUnsafe(sizeBytes + RUN.length);
  let at = message.writeUInt8(BIND, 0);
  at = message.writeInt32BE(sizeBytes - 1, at);
  // The portal has no name.
  at = message.writeUInt8(0, at);
  at += message.write(name, at);
  at = message.writeUInt8(0, at);
  // One format, for all of them.
  at = message.writeInt16BE(1, at);
  at = message.writeInt16BE(BINARY, at);
  at = message.writeInt16BE(values.length, at);
  for (const value of values) {
    at = message.writeInt32BE(value.length, at);
    at += value.copy(message, at);
  }
  at = message.writeInt16BE(1, at);
  at = message.writeInt16BE(rows === 'binary' ? BINARY : TEXT, at);
  RUN.copy(message, at);
  return message;
}

/** Of each message's sender; the client has done without it for long. */
const MORE = true;
const BIND = 'B'.charCodeAt(0);
const TEXT = 0;
const BINARY = 1;
/** "Execute" of the portal without a name, with no limit; then "Sync". */
const RUN = Buffer.from('E\0\0\0\x09\0\0\0\0\0S\0\0\0\x04', 'latin1');
