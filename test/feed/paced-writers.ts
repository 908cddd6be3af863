import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

export interface WritersOptions {
  /** Where the next request goes. */
  readonly url: () => string;
  readonly authorization: string;
  readonly repositories: readonly string[];
  readonly branches: readonly string[];
  /** Requests a second, over all writers. */
  readonly rate: number;
  /** Between 0 and 1. */
  readonly random: () => number;
}

/** Writers who keep a rate, whatever becomes of single requests: what is true says the log. */
export class PacedWriters {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: WRITERS });
  readonly #startedAtMs = performance.now();
  #sent = 0;
  done = 0;
  failed = 0;

  constructor(private readonly options: WritersOptions) {}

  async run(isOver: () => boolean): Promise<void> {
    await Promise.all(Array.from({ length: WRITERS }, () => this.#write(isOver)));
    this.#agent.destroy();
  }

  async #write(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const number = this.#sent++;
      const dueMs = this.#startedAtMs + (number / this.options.rate) * 1000 - performance.now();
      if (dueMs > 0) await delay(dueMs);
      if (await this.#send(number)) this.done++;
      else {
        this.failed++;
        await delay(FAILED_PAUSE_MS);
      }
    }
  }

  #send(number: number): Promise<boolean> {
    const { repositories, branches, random } = this.options;
    const pick = (all: readonly string[]) => all[Math.floor(random() * all.length)] ?? '';
    const place = `/api/v1/repositories/${pick(repositories)}/branches/${pick(branches)}`;
    if (number % COMMIT_EVERY === 0) return this.#call('POST', `${place}/commits`, COMMIT);
    return this.#call('PUT', `${place}/objects?path=objects/${number}`, OBJECT);
  }

  #call(method: string, path: string, body: string): Promise<boolean> {
    const { url, authorization } = this.options;
    return new Promise((resolve) => {
      const headers = {
        authorization,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      };
      const sent = request(`${url()}${path}`, { method, headers, agent: this.#agent });
      sent.setTimeout(ANSWER_MS_MAX, () => sent.destroy());
      sent.on('error', () => resolve(false));
      sent.on('response', (response) => {
        response.resume();
        response.on('error', () => resolve(false));
        // A commit that finds nothing to commit is an event too.
        response.once('close', () => resolve((response.statusCode ?? 500) < 500));
      });
      sent.end(body);
    });
  }
}

const WRITERS = 24;
const COMMIT_EVERY = 50;
const FAILED_PAUSE_MS = 50;
const ANSWER_MS_MAX = 20_000;
const COMMIT = JSON.stringify({ message: 'a commit among others' });
const OBJECT = JSON.stringify({
  physical_address: 'local://elsewhere/object',
  checksum: '5d41402abc4b2a76b9719d911017c592',
  size_bytes: 5,
  content_type: 'text/plain',
});
