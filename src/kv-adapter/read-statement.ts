import type { ClientBase, Connection, ExecuteConfig } from 'pg';
import type { KvRow } from '../ports/kv-store.js';
import { assert } from '../shared/assert.js';

/** A statement whose rows have kv-statements.ts's five columns, and its parameters. */
export interface ReadText {
  readonly name: string;
  readonly text: string;
  readonly values: string[];
}

/** By ordinal, what each read found. */
export type FoundRows = readonly (readonly KvRow[])[];

/**
 * Asks a connection for rows of the views.
 *
 * The client's own query has the columns described with each answer, copies what it is told, and
 * looks for the parser of each field. Here all of that is known, and it was half of the work.
 *
 * @param reads  how many ordinals there are
 * @throws whatever the client says; the connection is then to be given up
 */
export function readRows(
  client: Pick<ClientBase, 'query'>,
  statement: ReadText,
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
  readonly #values: string[];
  readonly #found: KvRow[][] = [];
  /** What was wrong with a row: thrown where the client calls, it would end the process. */
  #fault: unknown;

  constructor({ name, text, values }: ReadText, reads: number, callback: Answer) {
    this.name = name;
    this.text = text;
    this.callback = callback;
    this.#values = values;
    for (let ordinal = 0; ordinal < reads; ordinal++) this.#found.push([]);
  }

  submit(connection: Connection): void {
    const wire = connection as Wire;
    // One call of the system for all of it.
    wire.stream.cork();
    // The client notes what was parsed, once the server has said so.
    if (wire.parsedStatements[this.name] === undefined) {
      wire.parse({ name: this.name, text: this.text, types: [] }, MORE);
    }
    wire.bind({ portal: '', statement: this.name, values: this.#values }, MORE);
    wire.execute(EVERYTHING, MORE);
    wire.sync();
    wire.stream.uncork();
  }

  handleDataRow({ fields }: DataRow): void {
    try {
      this.#take(fields);
    } catch (error) {
      this.#fault ??= error;
    }
  }

  #take([ordinal, key, value, schema, version]: DataRow['fields']): void {
    const into = this.#found[Number(ordinal)];
    assert(into && key != null && value != null && version != null, 'a row belongs to a read');
    into.push({ key: bytesOf(key), value: bytesOf(value), schema: Number(schema), version });
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    if (this.#fault === undefined) this.callback(null, this.#found);
    else this.callback(this.#fault);
  }

  handleError(error: unknown): void {
    this.callback(error);
  }
}

/** As Postgres writes `bytea`: `\x`, then two digits a byte. */
function bytesOf(text: string): Buffer {
  return Buffer.from(text.slice(2), 'hex');
}

interface DataRow {
  readonly fields: readonly (string | null)[];
}

/** What the client's types leave out: the texts that the server has parsed, by their names. */
interface Wire extends Connection {
  readonly parsedStatements: Readonly<Record<string, string>>;
}

const EVERYTHING: ExecuteConfig = { portal: '', rows: '' };
/** Of each message's sender; the client has done without it for long. */
const MORE = true;
