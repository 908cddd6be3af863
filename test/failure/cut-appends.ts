import type { Client, ClientConfig } from 'pg';
import { openPostgresStores, type PostgresStores } from '../../src/app/postgres-stores.js';
import type { AppendResult, NewEvent, StreamAppend } from '../../src/ports/event-log.js';
import { StoreUnavailable, UnknownOutcome } from '../../src/ports/store-errors.js';
import { CuttingProxy, type Way } from '../support/cutting-proxy.js';
import { context, newEvent, newStream, notes } from '../support/new-events.js';

/** Both ways an append is longer than the last count of bytes after which it is cut. */
const CUT_BYTES_MAX = 4_096;

export interface Cut {
  readonly way: Way;
  readonly bytes: number;
}

/** After every count of bytes, both ways. */
export const CUTS: readonly Cut[] = (['toServer', 'toClient'] as const).flatMap((way) =>
  Array.from({ length: CUT_BYTES_MAX + 1 }, (_, bytes): Cut => ({ way, bytes })),
);
/** Appended again, so that an answer is long; each takes more than 20 bytes of it. */
const KNOWN_COUNT = 210;
const NEW_COUNT = 2;
/** Of 16 digits. */
const FIRST_POSITION = 1_000_000_000_000_000;
const BODY_CHARACTERS = 4_500;
/** Every so many cuts the caller is left without an answer, and asks again by itself. */
const UNANSWERED_EVERY = 16;
const UNANSWERED_MS = 100;

/** Appends whose connection to the database is cut at one byte, and what became of each. */
export class CutAppends {
  readonly wrong: string[] = [];
  /** Cuts that fell into the call. */
  cutCount = 0;
  /** Appends that were in before their answer was lost, as the second answer said. */
  repeatedCount = 0;
  /** Appends that the caller asked again after it had been told that nobody knows. */
  unknownCount = 0;
  #turn = 0;
  #stored: { readonly event: NewEvent; readonly result: AppendResult }[] = [];
  #stream = newStream();
  readonly #known: StreamAppend[] = [];

  private constructor(
    private readonly proxy: CuttingProxy,
    private readonly patient: PostgresStores,
    private readonly impatient: PostgresStores,
  ) {}

  /** @param socket  of the server that `connection` leads to */
  static async open(connection: ClientConfig, socket: string): Promise<CutAppends> {
    const proxy = new CuttingProxy(socket);
    const through = { ...connection, host: '127.0.0.1', port: await proxy.listen() };
    const stores = (outcomeMsMax: number) =>
      openPostgresStores({ connection: through, project: notes, outcomeMsMax });
    return new CutAppends(proxy, await stores(10_000), await stores(UNANSWERED_MS));
  }

  /** Makes what each call repeats. @param client  beside the proxy */
  async prepare(client: Client): Promise<void> {
    await client.query(`SELECT setval('event_position_last', ${FIRST_POSITION})`);
    const stream = newStream();
    for (let at = 0; at < KNOWN_COUNT; at++) {
      this.#known.push({ stream, expected: 'any', events: [newEvent()] });
    }
    await Promise.all(this.#known.map((append) => this.patient.log.append([append], context)));
  }

  async close(): Promise<void> {
    await this.patient.close();
    await this.impatient.close();
    await this.proxy.close();
  }

  /** Appends, and cuts the connection after so many bytes of the call or of its answer. */
  async cut({ way, bytes }: Cut): Promise<void> {
    const isUnanswered = this.#turn++ % UNANSWERED_EVERY === UNANSWERED_EVERY - 1;
    const { log } = isUnanswered ? this.impatient : this.patient;
    // An idle connection may be gone since the last cut: what is cut is this call, on a whole one.
    await this.#again(this.#known[0], log);
    const before = this.proxy.cutCount;
    const fresh = Array.from({ length: NEW_COUNT }, () => this.#newAppend());
    const known = way === 'toClient' ? this.#known : [];
    const appends = [...known, ...fresh];
    this.proxy.cutAfter(bytes, way);
    const refusing = isUnanswered ? this.#refuseAfterCut(before) : undefined;
    const answers = await Promise.allSettled(appends.map((each) => log.append([each], context)));
    this.proxy.leaveWhole();
    await refusing;
    this.cutCount += this.proxy.cutCount - before;
    await Promise.all(
      appends.map(async (append, index) => {
        const result = await this.#resultOf(append, answers[index]);
        if (index >= known.length) this.#note(append, result);
        else if (!result?.isRepeated) this.wrong.push('what is known was appended again');
      }),
    );
  }

  /** Looks for all that was acknowledged since the last time: once, where its caller was told. */
  async verify(client: Client): Promise<void> {
    const { rows } = await client.query<{ id: string; revision: string; position: string }>(
      `SELECT event.id, revision, position FROM event JOIN stream ON stream.id = event.stream
        WHERE stream.name = $1`,
      [this.#stream],
    );
    const found = new Map(rows.map((row) => [row.id, row]));
    if (rows.length !== this.#stored.length) {
      this.wrong.push(`${rows.length} events, and ${this.#stored.length} were acknowledged`);
    }
    for (const { event, result } of this.#stored) {
      const row = found.get(event.id);
      const isThere =
        Number(row?.revision) === result.revision && Number(row?.position) === result.position;
      if (!isThere) this.wrong.push(`${event.id} is not where its caller was told`);
    }
    this.#stream = newStream();
    this.#stored = [];
  }

  #newAppend(): StreamAppend {
    const text = 'x'.repeat(BODY_CHARACTERS);
    const event = newEvent({ data: { text, writes: [['put', 'k', 'v']] } });
    return { stream: this.#stream, expected: 'any', events: [event] };
  }

  /** Asks again what nobody could say, as its caller does. */
  async #resultOf(
    append: StreamAppend,
    answer: PromiseSettledResult<readonly AppendResult[]> | undefined,
  ): Promise<AppendResult | undefined> {
    if (answer?.status === 'fulfilled') return answer.value[0];
    const reason: unknown = answer?.reason;
    const isTrue = reason instanceof UnknownOutcome || reason instanceof StoreUnavailable;
    if (!isTrue) this.wrong.push(`told ${String(reason)}`);
    this.unknownCount++;
    return this.#again(append, this.patient.log);
  }

  async #again(
    append: StreamAppend | undefined,
    log: PostgresStores['log'],
  ): Promise<AppendResult | undefined> {
    for (;;) {
      try {
        const [result] = append ? await log.append([append], context) : [];
        return result;
      } catch (error) {
        const isOpen = error instanceof UnknownOutcome || error instanceof StoreUnavailable;
        if (!isOpen) throw error;
      }
    }
  }

  #note({ events: [event] }: StreamAppend, result: AppendResult | undefined): void {
    if (!event || !result) return;
    if (result.isRepeated) this.repeatedCount++;
    this.#stored.push({ event, result });
  }

  /** From the cut on nobody gets in, for longer than the caller waits. */
  async #refuseAfterCut(before: number): Promise<void> {
    const untilMs = performance.now() + UNANSWERED_MS;
    while (this.proxy.cutCount === before && performance.now() < untilMs) {
      await new Promise((next) => setImmediate(next));
    }
    this.proxy.refuse(true);
    await new Promise((resolve) => setTimeout(resolve, 1.5 * UNANSWERED_MS));
    this.proxy.refuse(false);
  }
}
