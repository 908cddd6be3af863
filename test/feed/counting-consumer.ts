import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** A consumer that comes again whenever it is cut off, and keeps which events it was told. */
export interface CountingOptions {
  /** With the query: asked anew for each connection, as nodes come and go. */
  readonly url: () => string;
  readonly authorization: string;
  /** Between 0 and 1. */
  readonly random: () => number;
  /** Called with the JSON of an event, if somebody wants to look into it. */
  readonly onData?: (json: string) => void;
}

/**
 * Reads a feed as bytes: of a thousand of these in one process each may cost next to nothing. It
 * keeps positions in the order they came in, and nothing else.
 */
export class CountingConsumer {
  /** Positions as they were told, with whatever is told twice or out of turn. */
  #told = new Uint32Array(1_024);
  #toldCount = 0;
  #lastId = '';
  #rest = NOTHING;
  #request: ClientRequest | undefined;
  #isStopped = false;
  #running: Promise<void> | undefined;
  /** Connections that were opened, the first one too. */
  connectionCount = 0;
  /** Answers but 200. */
  readonly refusals: number[] = [];

  constructor(private readonly options: CountingOptions) {}

  get told(): Uint32Array {
    return this.#told.subarray(0, this.#toldCount);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Breaks the connection off; it comes again. */
  cut(): void {
    this.#request?.destroy();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.cut();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await this.#connect();
      if (!this.#isStopped) await delay(AGAIN_MS_MIN + this.options.random() * AGAIN_MS_MIN);
    }
  }

  #connect(): Promise<void> {
    const { url, authorization } = this.options;
    // What came of a message before the connection broke is no message.
    this.#rest = NOTHING;
    return new Promise((resolve) => {
      const headers = { authorization, ...(this.#lastId && { 'last-event-id': this.#lastId }) };
      const sent = request(url(), { headers, agent: false });
      this.#request = sent;
      sent.on('error', () => resolve());
      sent.on('response', (response: IncomingMessage) => {
        if (response.statusCode !== 200) this.refusals.push(response.statusCode ?? 0);
        else this.connectionCount++;
        response.on('data', (bytes: Buffer) => response.statusCode === 200 && this.#take(bytes));
        response.on('error', () => undefined);
        response.once('close', resolve);
      });
      sent.end();
    });
  }

  #take(bytes: Buffer): void {
    const all = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    let begin = 0;
    for (let end = all.indexOf(END); end >= 0; end = all.indexOf(END, begin)) {
      this.#message(all, begin, end);
      begin = end + END.length;
    }
    // A copy: what it is a part of is large.
    this.#rest = begin < all.length ? Buffer.from(all.subarray(begin)) : NOTHING;
  }

  #message(all: Buffer, begin: number, end: number): void {
    const at = all.indexOf(ID, begin);
    if (at < 0 || at > end) return;
    const lineEnd = all.indexOf(LINE, at);
    const stop = lineEnd < 0 || lineEnd > end ? end : lineEnd;
    this.#lastId = all.toString('latin1', at + ID.length, stop);
    const data = all.indexOf(DATA, stop);
    if (data < 0 || data > end) return;
    this.#keep(Number(this.#lastId));
    this.options.onData?.(all.toString('utf8', data + DATA.length, end));
  }

  #keep(position: number): void {
    if (this.#toldCount === this.#told.length) {
      const more = new Uint32Array(2 * this.#told.length);
      more.set(this.#told);
      this.#told = more;
    }
    this.#told[this.#toldCount++] = position;
  }
}

const NOTHING = Buffer.alloc(0);
const END = Buffer.from('\n\n');
const LINE = Buffer.from('\n');
const ID = Buffer.from('id: ');
const DATA = Buffer.from('\ndata: ');
const AGAIN_MS_MIN = 200;
