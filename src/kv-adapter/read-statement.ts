import type { ClientBase, Connection } from 'pg';
import type { KvRow } from '../ports/kv-store.js';
import { type BinaryCall, sendCall } from '../shared/binary-call.js';
import { type FoundRows, ReadTap } from './read-tap.js';

/**
 * Asks a connection for rows of the views.
 *
 * The client's own query has the columns described with each answer, copies what it is told, and
 * looks for the parser of each field. Here all of that is known, and the rows are taken in binary
 * before the client makes texts of them.
 *
 * @param statement  its rows have kv-statements.ts's five columns
 * @param reads  how many ordinals there are
 * @throws whatever the client says; the connection is then to be given up
 */
export function readRows(
  client: Pick<ClientBase, 'query'>,
  statement: BinaryCall,
  reads: number,
): Promise<FoundRows> {
  return new Promise((resolve, reject) => {
    client.query(
      new ReadStatement(statement, reads, (error, found) => {
        if (found) resolve(found);
        else reject(error as Error);
      }),
    );
  });
}

type Answer = (error: unknown, found?: FoundRows) => void;

/** What the client wants of a query; the names are the client's. */
class ReadStatement {
  readonly name: string;
  readonly text: string;
  /** The client puts another in its place, which has a limit of time. */
  callback: Answer;
  readonly #values: readonly Buffer[];
  readonly #found: KvRow[][] = [];
  #tap: ReadTap | undefined;

  constructor({ name, text, values }: BinaryCall, reads: number, callback: Answer) {
    this.name = name;
    this.text = text;
    this.callback = callback;
    this.#values = values;
    for (let ordinal = 0; ordinal < reads; ordinal++) this.#found.push([]);
  }

  submit(connection: Connection): void {
    this.#tap = tapOf(connection);
    this.#tap.begin(this.#found);
    sendCall(connection, { name: this.name, text: this.text, values: this.#values }, 'binary');
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    const fault = this.#tap?.fault;
    if (fault === undefined) this.callback(null, this.#found);
    else this.callback(fault);
  }

  handleError(error: unknown): void {
    this.callback(error);
  }
}

/** Laid on a connection with its first read, which finds it idle. */
function tapOf(connection: Connection): ReadTap {
  const known = taps.get(connection);
  if (known) return known;
  const tap = ReadTap.on(connection.stream);
  taps.set(connection, tap);
  return tap;
}

const taps = new WeakMap<Connection, ReadTap>();
