import type { CommandId, EventId, RepositoryUid } from '../../src/domain/model.js';
import type { EventFilter, RecordedEvent } from '../../src/ports/event-log.js';
import type { FeedSink } from '../../src/queries/feed/feed-consumer.js';
import { FeedFilter, type FeedWish } from '../../src/queries/feed/feed-filter.js';
import { FeedHub, type Following } from '../../src/queries/feed/feed-hub.js';
import { FeedEvents } from '../../src/queries/feed/told-event.js';
import { SeededRandom } from './seeded-random.js';

/** What can be wrong around a feed; each must be seen by who compares lists. */
export const FEED_DEFECTS = [
  'the log says that it ends further on than it does',
  'a page of the log leaves its first event out',
  'a page of the log begins with the event before',
  'a subscription tells an event twice',
  'a subscription leaves an event out',
  'a chunk gets lost on its way to a connection',
  'a chunk is sent twice',
] as const;
export type FeedDefect = (typeof FEED_DEFECTS)[number];

const UIDS = ['c0ffee0c0ffee0c0ffe0', 'c0ffee0c0ffee0c0ffe1'] as RepositoryUid[];
const STEPS = 250;
const SETTLING_ROUNDS_MAX = 200;
const STEPS_A_ROUND = 50;
const CONSUMERS = 6;

interface Reader {
  readonly wish: FeedWish;
  readonly startedAt: number;
  readonly told: number[];
  /** Where it would go on: of the last event, or of the last sign of life that said so. */
  resumeAt: number;
  following: Following | undefined;
  isBlocked: boolean;
}

/**
 * A hub over a log that is a list, and readers that come, stop reading, break off and come again;
 * whatever waits goes on in an order that the seed says.
 */
export class RandomFeeds {
  readonly #random: SeededRandom;
  readonly #log: RecordedEvent[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #readers: Reader[] = [];
  readonly #faults: unknown[] = [];
  readonly #hub: FeedHub;
  #position = 0;
  #elapsedMs = 0;
  #defectsLeft = 3;

  /** @param turn  resolves when everything that can go on has gone on */
  constructor(
    seed: number,
    private readonly turn: () => Promise<unknown>,
    private readonly defect?: FeedDefect,
  ) {
    this.#random = new SeededRandom(seed);
    const names = { nameOf: async () => undefined, learn: () => undefined };
    const write = ({ position }: { position: number }) =>
      Buffer.from(`${position}\n`.padStart(4 + this.#random.below(40)));
    this.#hub = new FeedHub(
      {
        log: {
          lastPosition: async () => this.#lastPosition(),
          readAll: (options) => this.#readAll(options),
          subscribe: (options) => this.#subscribe(options),
        },
        events: new FeedEvents(names, write),
        clock: { sleep: (_, signal) => this.#wait(signal) },
        elapsedMs: () => this.#elapsedMs,
        afterTurn: () => this.#wait(),
        onFault: (error) => this.#faults.push(error),
      },
      {
        consumersMax: 100,
        heartbeatMs: 50,
        stallMs: Number.MAX_SAFE_INTEGER,
        reachBack: this.#random.below(3) * 20,
        sizes: { eventsMax: 8, bytesMax: 400, chunkBytesMax: 120 },
      },
    );
  }

  /** @returns what is wrong, in a line; undefined: nothing */
  async run(): Promise<string | undefined> {
    for (let step = 0; step < STEPS; step++) {
      this.#act();
      await this.#goOn();
    }
    for (const reader of this.#readers) if (!reader.following) this.#open(reader);
    const isSettled = () => this.#readers.every((reader) => this.#faultOf(reader) === undefined);
    // One more round when all is there: what would come twice comes then.
    for (let rounds = 0, isLast = false; rounds < SETTLING_ROUNDS_MAX && !isLast; rounds++) {
      isLast = isSettled() || this.#readers.some((reader) => this.#faultOf(reader)?.includes('is'));
      for (let step = 0; step < STEPS_A_ROUND; step++) {
        for (const reader of this.#readers) this.#unblock(reader);
        await this.#goOn();
      }
    }
    const [failure] = this.#faults;
    if (failure !== undefined) return String(failure);
    return this.#readers.map((reader) => this.#faultOf(reader)).find((fault) => fault);
  }

  #act(): void {
    this.#elapsedMs += 5;
    const action = this.#random.below(12);
    const reader = this.#readers[this.#random.below(CONSUMERS)];
    if (action < 5) this.#append(1 + this.#random.below(action === 0 ? 20 : 3));
    else if (action < 7 && this.#readers.length < CONSUMERS) this.#begin();
    else if (reader && action < 9) this.#unblock(reader);
    else if (reader?.following && action === 9) this.#breakOff(reader);
    else if (reader && !reader.following) this.#open(reader);
  }

  async #goOn(): Promise<void> {
    const [next] = this.#waiting.splice(this.#random.below(this.#waiting.length), 1);
    next?.();
    await this.turn();
  }

  #append(count: number): void {
    for (let n = 0; n < count; n++) {
      // Positions may leave numbers out.
      this.#position += 1 + this.#random.below(4) * this.#random.below(2);
      const uid = this.#random.pick(UIDS);
      const kinds = [
        ['BranchDeletionRequested', `branch-${uid}-main`],
        ['TagDeleted', `tag-${uid}-v1`],
        ['RequestBegun', 'request-of-somebody'],
      ] as const;
      const rare = ['BranchDeleted', `branch-${uid}-main`] as const;
      const [type, stream] = this.#random.below(60) === 0 ? rare : this.#random.pick(kinds);
      this.#log.push({
        stream,
        type,
        id: `id-${this.#position}` as EventId,
        position: this.#position,
        revision: this.#log.length,
        version: 1,
        closes: false,
        data: {},
        atMs: 0,
        caller: 'ada',
        requestId: 'request',
        commandId: 'command' as CommandId,
      });
    }
  }

  #begin(): void {
    const wishes: readonly FeedWish[] = [
      { types: [] },
      { types: [] },
      { types: ['TagDeleted'] },
      { types: ['BranchDeleted'] },
      { types: [], uid: UIDS[0] ?? ('' as RepositoryUid) },
    ];
    const starts = [0, this.#log.at(-1)?.position ?? 0, this.#random.below(this.#position + 1)];
    const startedAt = this.#random.pick(starts);
    const reader: Reader = {
      wish: this.#random.pick(wishes),
      startedAt,
      told: [],
      resumeAt: startedAt,
      following: undefined,
      isBlocked: false,
    };
    this.#readers.push(reader);
    this.#open(reader);
  }

  #open(reader: Reader): void {
    reader.isBlocked = false;
    let isOpen = true;
    const sink: FeedSink = {
      write: (bytes) => {
        if (this.#hits('a chunk gets lost on its way to a connection')) return true;
        const isTwice = this.#hits('a chunk is sent twice');
        for (const chunk of isTwice ? [bytes, bytes] : [bytes]) this.#take(reader, chunk);
        reader.isBlocked = this.#random.below(3) === 0;
        return !reader.isBlocked;
      },
      beat: (position) => {
        if (position !== undefined) reader.resumeAt = position;
        return true;
      },
      isAllowed: async () => true,
      end: () => {
        isOpen = false;
        reader.following = undefined;
      },
    };
    const filter = new FeedFilter(reader.wish);
    const following = this.#hub.follow({ filter, at: reader.resumeAt }, sink);
    if (isOpen) reader.following = following;
  }

  #take(reader: Reader, bytes: Uint8Array): void {
    for (const line of Buffer.from(bytes).toString('latin1').trim().split('\n')) {
      const position = Number(line);
      reader.told.push(position);
      reader.resumeAt = position;
    }
  }

  #breakOff(reader: Reader): void {
    reader.following?.leave();
    reader.following = undefined;
  }

  #unblock(reader: Reader): void {
    if (!reader.isBlocked) return;
    reader.isBlocked = false;
    reader.following?.ready();
  }

  #faultOf({ wish, startedAt, told }: Reader): string | undefined {
    const expected = this.#log
      .filter(({ position, type }) => position > startedAt && type !== 'RequestBegun')
      .filter(({ type }) => wish.types.length === 0 || wish.types.some((each) => each === type))
      .filter(({ stream }) => wish.uid === undefined || stream.includes(wish.uid))
      .map(({ position }) => position);
    const at = expected.findIndex((position, index) => told[index] !== position);
    if (at >= 0 && told[at] === undefined) return `${expected.length - at} never came`;
    if (at >= 0) return `number ${at} is ${told[at]} and should be ${expected[at]}`;
    return told.length > expected.length ? `number ${expected.length} is 1 too many` : undefined;
  }

  #lastPosition(): number {
    const last = this.#log.at(-1)?.position ?? 0;
    return this.#hits('the log says that it ends further on than it does') ? last + 30 : last;
  }

  async #readAll(options: { after: number; limit: number; filter?: EventFilter }) {
    await this.#wait();
    const { after, limit, filter } = options;
    const prefixes = filter?.streamPrefixes;
    const isBefore = this.#hits('a page of the log begins with the event before');
    const isOut = this.#hits('a page of the log leaves its first event out');
    const first = this.#log.findIndex(({ position }) => position > after);
    const begin = first < 0 ? this.#log.length : first;
    const rest = this.#log.slice(Math.max(0, begin - (isBefore ? 1 : 0)) + (isOut ? 1 : 0));
    const isAsked = ({ stream }: RecordedEvent) =>
      prefixes?.some((prefix) => stream.startsWith(prefix)) !== false;
    return rest.filter(isAsked).slice(0, limit);
  }

  async *#subscribe({ after, signal }: { after: number; signal: AbortSignal }) {
    const known = () => this.#log.length;
    let at = this.#log.findIndex(({ position }) => position > after);
    if (at < 0) at = known();
    while (!signal.aborted) {
      await this.#wait(signal);
      while (at < known() && !signal.aborted) {
        const event = this.#log[at++];
        if (event === undefined) break;
        if (this.#hits('a subscription leaves an event out')) continue;
        yield event;
        if (this.#hits('a subscription tells an event twice')) yield event;
        if (this.#random.below(4) === 0) break;
      }
    }
  }

  /** A few times in a history, so that some of them tell. */
  #hits(defect: FeedDefect): boolean {
    if (this.defect !== defect || this.#defectsLeft === 0 || this.#random.below(3) > 0)
      return false;
    this.#defectsLeft--;
    return true;
  }

  #wait(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}
