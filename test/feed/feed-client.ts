import { type ClientRequest, type IncomingMessage, request } from 'node:http';

/** A message of a feed, as it came. */
export interface FeedMessage {
  readonly position: number;
  readonly type: string;
  readonly data: FeedData;
}

/** What `data` of a message says. */
export interface FeedData {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly version: number;
  readonly time: string;
  readonly time_ms: number;
  readonly caller: string;
  readonly request_id: string;
  readonly command_id: string;
  readonly event_id: string;
  readonly repository?: string;
  readonly repository_uid?: string;
  readonly branch?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** How one connection of a feed came to its end. */
export type FeedEnding = 'clean' | 'broken';

export interface FeedClientOptions {
  /** With the path and the query. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly onMessage?: (message: FeedMessage) => void;
}

/** One connection of a feed, read by the letter of server-sent events. */
export class FeedClient {
  readonly messages: FeedMessage[] = [];
  /** The id to go on behind: of the last message, or of one that was an id alone. */
  lastId = '';
  retryMs: number | undefined;
  beats = 0;
  readonly status: Promise<number>;
  readonly opened: Promise<IncomingMessage>;
  readonly ended: Promise<FeedEnding>;
  readonly #request: ClientRequest;
  #response: IncomingMessage | undefined;
  #text = '';
  #fields: { id?: string; event?: string; data?: string } = {};
  #news = Promise.withResolvers<void>();

  constructor(private readonly options: FeedClientOptions) {
    const ending = Promise.withResolvers<FeedEnding>();
    const opened = Promise.withResolvers<IncomingMessage>();
    this.ended = ending.promise;
    this.opened = opened.promise;
    opened.promise.catch(() => undefined);
    this.status = this.opened.then(({ statusCode = 0 }) => statusCode);
    this.status.catch(() => undefined);
    this.#request = request(options.url, { headers: { ...options.headers }, agent: false });
    this.#request.on('response', (response) => {
      this.#response = response;
      response.setEncoding('utf8');
      response.on('data', (text: string) => this.#take(text));
      response.on('error', () => undefined);
      response.once('close', () => {
        ending.resolve(response.complete ? 'clean' : 'broken');
        this.#tell();
      });
      opened.resolve(response);
    });
    this.#request.on('error', (error) => {
      opened.reject(error);
      ending.resolve('broken');
      this.#tell();
    });
    this.#request.end();
  }

  /** Reads no more until `resume`. */
  pause(): void {
    this.#response?.pause();
  }

  resume(): void {
    this.#response?.resume();
  }

  /** Breaks it off, as a cable would. */
  cut(): void {
    this.#request.destroy();
  }

  /** Resolves when something holds of what has come, or rejects when the feed has ended before. */
  async until(fact: () => boolean, what = 'what was waited for'): Promise<void> {
    const late = AbortSignal.timeout(20_000);
    let isOver = false;
    void this.ended.then(() => (isOver = true));
    while (!fact()) {
      if (late.aborted) throw new Error(`${what} did not come; ${this.messages.length} did`);
      if (isOver) throw new Error(`the feed ended before ${what}`);
      const news = this.#news.promise;
      await Promise.race([news, new Promise((resolve) => setTimeout(resolve, 50))]);
    }
  }

  #take(text: string): void {
    this.#text += text;
    let begin = 0;
    for (let end = this.#text.indexOf('\n'); end >= 0; end = this.#text.indexOf('\n', begin)) {
      this.#line(this.#text.slice(begin, end));
      begin = end + 1;
    }
    this.#text = this.#text.slice(begin);
    this.#tell();
  }

  #line(line: string): void {
    if (line === '') return this.#dispatch();
    if (line.startsWith(':')) return void this.beats++;
    const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === 'retry') this.retryMs = Number(value);
    else if (name === 'id' || name === 'event' || name === 'data') this.#fields[name] = value;
  }

  #dispatch(): void {
    const { id = this.lastId, event = 'message', data } = this.#fields;
    this.#fields = {};
    this.lastId = id;
    if (data === undefined) return;
    const message = { position: Number(id), type: event, data: JSON.parse(data) as FeedData };
    this.messages.push(message);
    this.options.onMessage?.(message);
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}
