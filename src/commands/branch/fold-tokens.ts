import {
  RESTATED_BYTES_MAX,
  RESTATED_MAX,
  type Restatement,
  type TokensFolded,
} from '../../domain/branch/branch.events.js';
import type { ObjectEntry, ObjectPath, StagingToken } from '../../domain/model.js';
import type { PathRun } from '../../domain/staging/path-run.js';
import { ordinalsOf } from '../../domain/staging/staging.stream.js';
import type { EventContext } from '../../ports/event-log.js';
import type { KvRow, KvStore } from '../../ports/kv-store.js';
import { decodeValue } from '../../projections/kv-codec.js';
import { partitions, wordPartitions } from '../../projections/kv-keys.js';
import {
  readPages,
  runOf,
  scanOfCursor,
  type TokenCursor,
} from '../../projections/staging.view.js';
import { fromUtf8, utf8 } from '../../shared/bytes.js';
import { Interleaved, type PagedCursor } from '../../shared/interleaved.js';
import type { Branches, BranchPlace } from './branches.js';
import { tokenAt, type LiveFold } from './successor.js';

const SEALED_TOKENS_MAX = 8;
const ROWS_PER_READ = 1_000;
/** A token with more rows than twice those of all newer ones is left as it is. */
const OLDER_TO_NEWER_MAX = 2;

interface Span {
  readonly place: BranchPlace;
  /** Ordinals, the newest first. */
  readonly tokens: readonly { readonly ordinal: number; readonly token: StagingToken }[];
}

/** A word, and which token says it. */
interface Word extends KvRow {
  readonly token: StagingToken;
  readonly isIdle: boolean;
}
type WordCursor = PagedCursor<Word> & Pick<TokenCursor, 'token' | 'partition'>;

/**
 * Folds sealed tokens that no intent took into the newest of them, so that a read has few to ask.
 *
 * Each event says words in the newest token that older ones say below it, so no value changes at
 * any moment; and each is appended at the exact revision of a branch with nothing pending, so
 * nothing takes words out of the tokens meanwhile. Cut off, it is begun again, and says the same.
 *
 * Older tokens that are much larger are left: a row is written again only when as many came behind
 * it, and the number of tokens grows by the logarithm of what they hold.
 */
export class TokenFolding {
  constructor(
    private readonly kv: KvStore,
    private readonly branches: Branches,
    /** Sealed tokens that a branch may have before some of them are folded. */
    readonly sealedTokensMax = SEALED_TOKENS_MAX,
  ) {}

  /** Returns whether tokens were folded; a lost race is none, and the next round looks again. */
  async fold(place: BranchPlace, context: EventContext): Promise<boolean> {
    let at = await this.branches.view(place);
    if (at.state.status !== 'live' || at.state.queue.length > 0) return false;
    const { state } = at as LiveFold;
    const sealed = ordinalsOf({ ...state.tokens, hi: state.tokens.hi - 1 });
    if (sealed.length <= this.sealedTokensMax) return false;
    const tokens = sealed.map((ordinal) => ({ ordinal, token: tokenAt(place, state, ordinal) }));
    const span = { place, tokens: await this.#alike(tokens) };
    let part = 0;
    for await (const event of this.#events(span)) {
      const append = { events: [event], of: () => context.commandId, part: `fold-${part++}` };
      if (await this.branches.append(place, at, append, context)) return false;
      const after = await this.branches.view(place);
      // What came between may have taken words out of these tokens.
      if (after.revision !== at.revision + 1) return false;
      at = after;
    }
    return true;
  }

  /** Returns the newest ones, as far as each is not much larger than all that are newer. */
  async #alike(tokens: Span['tokens']): Promise<Span['tokens']> {
    let rows = 0;
    for (const [index, { token }] of tokens.entries()) {
      const most = Math.max(ROWS_PER_READ, OLDER_TO_NEWER_MAX * rows);
      const own = await this.#rowsOf(token, most);
      if (index >= 2 && own > most) return tokens.slice(0, index);
      rows += own;
    }
    return tokens;
  }

  /** Returns the number of a token's rows, or one that is above `most`. */
  async #rowsOf(token: StagingToken, most: number): Promise<number> {
    let rows = 0;
    for (const partition of wordPartitions(token)) {
      for await (const page of this.#pages(token, partition)) {
        rows += page.length;
        if (rows > most) return rows;
      }
    }
    return rows;
  }

  async *#pages(token: StagingToken, partition: string): AsyncGenerator<readonly KvRow[]> {
    const cursor = { ...Interleaved.unread<KvRow>(utf8(''), ROWS_PER_READ), token, partition };
    const rows = new Interleaved<KvRow, TokenCursor>(
      [cursor],
      (empty) => readPages(this.kv, empty, undefined),
      ROWS_PER_READ,
    );
    while (await rows.fill()) {
      yield cursor.rows;
      cursor.at = cursor.rows.length;
    }
  }

  async *#events({ tokens }: Span): AsyncGenerator<TokensFolded> {
    const [into, ...older] = tokens;
    const from = older.at(-1);
    if (!into || !from) return;
    const slice = { type: 'TokensFolded', from: from.ordinal, into: into.ordinal } as const;
    let said = new Said();
    const words = this.#words(tokens.map(({ token }) => token));
    for (let word = await words.next(); word; word = await words.next()) {
      if (word.token === into.token) continue;
      said.add(word);
      if (!said.isFull) continue;
      yield { ...slice, ...said.parts(), isLast: false };
      said = new Said();
    }
    const runs: PathRun[] = [];
    for (const { token } of older) {
      for await (const page of this.#pages(token, partitions.deletedRuns(token))) {
        runs.push(...page.map(runOf));
      }
    }
    // Runs only make reads faster: of very many, some are forgotten.
    yield { ...slice, ...said.parts(), runs: runs.slice(0, RUNS_MAX), isLast: true };
  }

  /** Walks the newest word on each path; a tombstone over nothing is behind all others. */
  #words(tokens: readonly StagingToken[]): Interleaved<Word, WordCursor> {
    const cursorOf = (token: StagingToken, partition: string): WordCursor => ({
      ...Interleaved.unread<Word>(utf8(''), ROWS_PER_READ),
      token,
      partition,
    });
    const { staging, tombstones, idleTombstones } = partitions;
    const cursors = [
      ...tokens.flatMap((token) => [
        cursorOf(token, staging(token)),
        cursorOf(token, tombstones(token)),
      ]),
      ...tokens.map((token) => cursorOf(token, idleTombstones(token))),
    ];
    return new Interleaved<Word, WordCursor>(
      cursors,
      async (empty) => {
        const pages = await this.kv.read(empty.map((cursor) => scanOfCursor(cursor, undefined)));
        return pages.map((page, index) => {
          const { token, partition } = empty[index] as WordCursor;
          const isIdle = partition === idleTombstones(token);
          return page.map((row) => ({ ...row, token, isIdle }));
        });
      },
      ROWS_PER_READ,
    );
  }
}

const RUNS_MAX = 100;

/** What one event says. */
class Said {
  readonly #words: Restatement[] = [];
  readonly #idle: ObjectPath[] = [];
  #bytes = 0;

  get isFull(): boolean {
    const count = this.#words.length + this.#idle.length;
    return count >= RESTATED_MAX || this.#bytes >= RESTATED_BYTES_MAX;
  }

  add(word: Word): void {
    const path = fromUtf8(word.key) as ObjectPath;
    this.#bytes += word.key.length + word.value.length;
    if (word.isIdle) this.#idle.push(path);
    else this.#words.push({ path, entry: decodeValue<ObjectEntry | null>(word) });
  }

  parts() {
    return { words: this.#words, idle: this.#idle, runs: [] };
  }
}
