import type { Client, Connection, ExecuteConfig } from 'pg';

/** A statement that answers one value, and its parameters in Postgres's binary form. */
export interface BinaryCall {
  readonly name: string;
  readonly text: string;
  readonly values: readonly Buffer[];
}

/**
 * Asks a connection for the one value that a statement answers, as a text; undefined: null.
 *
 * The client's own query has the value described each time, and copies every parameter several
 * times on its way. Here they are copied once, and go in one call of the system.
 *
 * @throws whatever the client says
 */
export function oneAnswer(
  client: Pick<Client, 'query'>,
  call: BinaryCall,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    client.query(
      new OneAnswer(call, (error, value) => {
        if (error) reject(error as Error);
        else resolve(value);
      }),
    );
  });
}

/** What the client wants of a query; the names are the client's. */
class OneAnswer {
  readonly name: string;
  readonly text: string;
  readonly #values: readonly Buffer[];
  #value: string | undefined;

  constructor(
    { name, text, values }: BinaryCall,
    /** The client puts another in its place, which has a limit of time. */
    public callback: (error: unknown, value?: string) => void,
  ) {
    this.name = name;
    this.text = text;
    this.#values = values;
  }

  submit(connection: Connection): void {
    const wire = connection as Wire;
    wire.stream.cork();
    // The client notes what was parsed, once the server has said so.
    if (wire.parsedStatements[this.name] === undefined) {
      wire.parse({ name: this.name, text: this.text, types: [] }, MORE);
    }
    wire.stream.write(bindMessage(this.name, this.#values));
    wire.execute(EVERYTHING, MORE);
    wire.sync();
    wire.stream.uncork();
  }

  handleDataRow({ fields: [value] }: DataRow): void {
    this.#value = value ?? undefined;
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.callback(null, this.#value);
  }

  handleError(error: unknown): void {
    this.callback(error);
  }
}

/** Source: Postgres's protocol, version 3, "Bind"; all parameters binary, the answer a text. */
function bindMessage(name: string, values: readonly Buffer[]): Buffer {
  const ownBytes = 1 + 4 + 1 + (Buffer.byteLength(name) + 1) + 2 + 2 + 2 + 4 * values.length + 2;
  const sizeBytes = values.reduce((sum, { length }) => sum + length, ownBytes);
  const message = Buffer.allocUnsafeSlow(sizeBytes);
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
  // None, so a text.
  message.writeInt16BE(0, at);
  return message;
}

interface DataRow {
  readonly fields: readonly (string | null)[];
}

/** What the client's types leave out: the texts that the server has parsed, by their names. */
interface Wire extends Connection {
  readonly parsedStatements: Readonly<Record<string, string>>;
}

const BIND = 'B'.charCodeAt(0);
const BINARY = 1;
const EVERYTHING: ExecuteConfig = { portal: '', rows: '' };
/** Of each message's sender; the client has done without it for long. */
const MORE = true;
