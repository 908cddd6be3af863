import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openPostgresStores, type PostgresStores } from '../../src/app/postgres-stores.js';
import { MemoryEventLog } from '../../src/event-log/memory-event-log.js';
import { MemoryKvStore } from '../../src/kv-adapter/memory-kv-store.js';
import type {
  AppendMark,
  AppendResult,
  Expected,
  NewEvent,
  StreamAppend,
} from '../../src/ports/event-log.js';
import { WrongExpectedRevision } from '../../src/ports/store-errors.js';
import { utf8 } from '../../src/shared/bytes.js';
import { about, closing, context, newEvent, newStream, notes } from '../support/new-events.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { seed } from '../support/seed.js';
import { SeededRandom } from '../support/seeded-random.js';

const ROUNDS = 80;
const BATCHES_A_ROUND = 4;

let database: TestDatabase;
let stores: PostgresStores;
const kv = new MemoryKvStore();
const memory = new MemoryEventLog({ kv, project: notes });

beforeAll(async () => {
  database = await freshDatabase();
  stores = await openPostgresStores({ connection: database.connection, project: notes });
}, 60_000);
afterAll(async () => {
  await stores?.close();
  await database?.drop();
});

/** One append, for each log with marks of its own. */
type Twin = readonly [forPostgres: StreamAppend[], forMemory: StreamAppend[]];
type MarkTwin = readonly [AppendMark, AppendMark];

/** Appends to three streams that meet there: some fit, some lose, some were there before. */
class Appends {
  readonly streams = [newStream(), newStream(), newStream()];
  readonly marks: MarkTwin[] = [];
  readonly #made: Twin[] = [];
  #guesses = new Map<string, number>();

  constructor(private readonly random: SeededRandom) {}

  /** Guesses again where streams end. */
  begin(ends: ReadonlyMap<string, number>): void {
    this.#guesses = new Map(ends);
  }

  next(): Twin {
    const known = this.#made[this.random.below(this.#made.length * 8)];
    if (known) return known;
    const twin: Twin = [[], []];
    const marks: MarkTwin[] = [];
    const first = this.random.below(this.streams.length);
    for (const [at, stream] of this.streams.entries()) {
      if (at === first || this.random.below(3) === 0) this.#add(twin, marks, stream);
    }
    this.marks.push(...marks);
    this.#made.push(twin);
    return twin;
  }

  #add(twin: Twin, marks: MarkTwin[], stream: string): void {
    const end = this.#guesses.get(stream) ?? -1;
    const expected = this.#expected(end);
    const events = Array.from({ length: 1 + this.random.below(2) }, () => this.#event());
    this.#guesses.set(stream, end + events.length);
    const isGuarded = this.random.below(12) === 0;
    const guard = { key: utf8('x'), sinceRevision: Math.max(-1, end - 1) };
    const mark: MarkTwin = [{ isAccepted: false }, { isAccepted: false }];
    const isMarked = this.random.below(3) === 0;
    if (isMarked) marks.push(mark);
    const behind = this.marks[this.random.below(this.marks.length * 3)];
    for (const side of [0, 1] as const) {
      twin[side].push({
        stream,
        expected,
        events,
        ...(isGuarded && { guard }),
        ...(isMarked && { mark: mark[side] }),
        ...(behind && { behind: behind[side] }),
      });
    }
  }

  #expected(end: number): Expected {
    const chosen = this.random.below(12);
    if (chosen < 3) return 'open';
    if (chosen === 3) return 'any';
    if (chosen === 4) return 'none';
    return chosen === 5 ? end + 1 : end;
  }

  #event(): NewEvent {
    if (this.random.below(10) === 0) return closing();
    const key = this.random.below(2) === 0 ? 'x' : 'y';
    const kind = this.random.below(30) === 0 ? 'drop' : this.random.below(3) ? 'put' : 'delete';
    const write = kind === 'drop' ? [kind, '', ''] : [kind, key, `${this.random.below(1_000)}`];
    const fields = { data: { writes: [write] } };
    return this.random.below(2) === 0 ? about(key, fields) : newEvent(fields);
  }
}

type Told = PromiseSettledResult<readonly AppendResult[]>;

function wordsOf(told: Told): unknown {
  if (told.status === 'fulfilled') {
    return told.value.map(({ revision, isRepeated }) => ({ revision, isRepeated }));
  }
  const reason: unknown = told.reason;
  if (!(reason instanceof WrongExpectedRevision)) return String(reason);
  return { reason: reason.reason, stream: reason.stream, actual: reason.actual };
}

async function inMemory(batch: readonly Twin[]): Promise<readonly Told[]> {
  const told: Told[] = [];
  for (const [, appends] of batch) {
    told.push(...(await Promise.allSettled([memory.append(appends, context)])));
  }
  return told;
}

describe(`a batch of appends (SEED=${seed})`, () => {
  it('is told what each would be told alone, one behind the other', async () => {
    const random = new SeededRandom(seed);
    let [acceptedCount, refusedCount] = [0, 0];
    for (let round = 0; round < ROUNDS; round++) {
      const appends = new Appends(random);
      for (let count = 0; count < BATCHES_A_ROUND; count++) {
        const ends = appends.streams.map(async (stream) => (await memory.end(stream)).revision);
        const known = await Promise.all(ends);
        appends.begin(new Map(appends.streams.map((stream, at) => [stream, known[at] ?? -1])));
        const batch = Array.from({ length: 1 + random.below(6) }, () => appends.next());
        const sent = batch.map(([group]) => stores.log.append(group, context));
        const told = await Promise.allSettled(sent);
        expect(told.map(wordsOf)).toEqual((await inMemory(batch)).map(wordsOf));
        acceptedCount += told.filter(({ status }) => status === 'fulfilled').length;
        refusedCount += told.filter(({ status }) => status === 'rejected').length;
        for (const [own, other] of appends.marks) expect(own).toEqual(other);
      }
      for (const stream of appends.streams) {
        const scan = { kind: 'scan', partition: `notes/${stream}`, limit: 10 } as const;
        const rows = [await stores.kv.read([scan]), await kv.read([scan])].map((read) =>
          read.flat().map(({ key, value }) => `${Buffer.from(key)}: ${Buffer.from(value)}`),
        );
        expect(rows[0]).toEqual(rows[1]);
      }
    }
    expect(acceptedCount).toBeGreaterThan(ROUNDS);
    expect(refusedCount).toBeGreaterThan(ROUNDS);
  }, 120_000);
});
