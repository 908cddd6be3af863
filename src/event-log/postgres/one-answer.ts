import type { Client, Connection } from 'pg';
import { type BinaryCall, sendCall } from '../../shared/binary-call.js';

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
    sendCall(connection, { name: this.name, text: this.text, values: this.#values }, 'text');
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

interface DataRow {
  readonly fields: readonly (string | null)[];
}
