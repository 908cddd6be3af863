import { createHash } from 'node:crypto';
import type { SeededRandom } from '../support/seeded-random.js';
import type { Book } from './book.js';
import { type Answer, type Around, type Asked, Caller, Waiting } from './caller.js';

const BODY_BYTES_MAX = 8 * 1024;

/** What one client does over and over. */
export type Loop = (caller: Caller, turn: number) => Promise<void>;

export interface RoundPlace {
  readonly repository: string;
  readonly around: Around;
  readonly book: Book;
  readonly random: SeededRandom;
  /** Absolute; what is in it may be imported. */
  readonly importFolder: string;
}

/** What all of a round's clients can do; what they are told goes into the book. */
export class Hands {
  readonly waiting = new Waiting();
  readonly stopping = new AbortController();
  #callers = 0;
  #bodies = 0;

  constructor(readonly place: RoundPlace) {}

  get repository(): string {
    return this.place.repository;
  }

  get book(): Book {
    return this.place.book;
  }

  get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  newCaller(): Caller {
    const first = this.#callers++;
    // Every third, so that each node has somebody who asks nobody else.
    return new Caller(this.place.around, this.waiting, { first, isPinned: first % 3 === 1 });
  }

  /** No two are equal: one that is stored twice is seen. */
  newBody(): Uint8Array {
    const name = Buffer.from(`${this.repository} ${this.#bodies++} `);
    return Buffer.concat([name, Buffer.alloc(this.place.random.below(BODY_BYTES_MAX), name)]);
  }

  /** Notes an answer that nobody should have got. @returns whether it is one that may be */
  expect(answer: Answer | undefined, statuses: readonly number[], what: string): boolean {
    if (answer && statuses.includes(answer.status)) return true;
    this.place.around.faults.push(`${what}: ${answer?.status} ${answer?.text.slice(0, 300)}`);
    return false;
  }

  at(branch: string, more = ''): string {
    return `/repositories/${this.repository}/branches/${branch}${more}`;
  }

  async branchOff(caller: Caller, name: string): Promise<void> {
    const url = `/repositories/${this.repository}/branches`;
    this.expect(await caller.ask(url, posted({ name, source: 'main' })), [201], `branch ${name}`);
    await this.book.note({ kind: 'branch', branch: name });
  }

  /** @returns its checksum; undefined: nobody knows, or it was refused */
  async put(
    caller: Caller,
    branch: string,
    path: string,
    more: Pick<Asked, 'isOnce' | 'headers'> = {},
  ): Promise<string | undefined> {
    const body = this.newBody();
    const content = md5(body);
    const headers = { 'content-type': 'application/octet-stream', ...more.headers };
    const url = `${this.at(branch, '/objects')}?path=${encodeURIComponent(path)}`;
    const answer = await caller.ask(url, { method: 'POST', body, ...more, headers });
    if (answer === undefined) {
      await this.book.note({ kind: 'unknown', branch, path, md5: content });
      return undefined;
    }
    if (answer.status === 412 && more.headers?.['if-none-match']) return undefined;
    if (!this.expect(answer, [201], `put ${path}`)) return undefined;
    await this.book.note({ kind: 'put', branch, path, md5: content });
    return content;
  }

  /** @returns the commit's id; undefined: others took what there was */
  async commit(caller: Caller, branch: string, message: string): Promise<string | undefined> {
    const answer = await caller.ask(this.at(branch, '/commits'), posted({ message }));
    if (answer?.status === 400 && answer.text.includes('no changes')) {
      await this.book.note({ kind: 'no commit', branch, message });
      return undefined;
    }
    if (!answer || !this.expect(answer, [201], `commit ${message}`)) return undefined;
    const { id } = JSON.parse(answer.text) as { id: string };
    await this.book.note({ kind: 'commit', branch, id, message });
    return id;
  }
}

export const md5 = (body: Uint8Array): string => createHash('md5').update(body).digest('hex');

export const posted = (json: unknown): Asked => ({ method: 'POST', json });
