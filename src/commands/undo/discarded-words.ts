import type { Restatement, TokenSpan } from '../../domain/branch/branch.events.js';
import type { ResetScope } from '../../domain/branch/branch.wishes.js';
import { decodeEvent } from '../../domain/event-types.js';
import type { ObjectEntry, ObjectPath, StagingToken } from '../../domain/model.js';
import type { StagingEvent } from '../../domain/staging/staging.events.js';
import { stagingStream, stagingToken } from '../../domain/staging/staging.stream.js';
import { READ_EVENTS_MAX, type EventLog } from '../../ports/event-log.js';
import { compareUtf8 } from '../../shared/bytes.js';
import { controlStream, type BranchPlace } from '../branch/branches.js';
import { eventAt, eventsBack } from './operations-done.js';

/** Paths kept in memory by one pass over the streams; of more, each needs a pass of its own. */
const PATHS_PER_PASS = 50_000;

/** Tokens of a life, as they were before an event of the branch's stream. */
export interface TokensBefore {
  readonly place: BranchPlace;
  readonly life: number;
  readonly tokens: Pick<TokenSpan, 'lo' | 'hi'>;
  readonly revision: number;
}

/** What the branch's own stream did to tokens that were sealed. */
interface Change {
  /** The newest of them. */
  readonly upto: number;
  /** What went from all of them; undefined: nothing. */
  readonly taken: ResetScope | undefined;
  /** Of the event, which says words of the newest one. */
  readonly revision: number;
}

/**
 * Yields what tokens said before an event, ascending: from the log, since their rows may be gone
 * from the view.
 */
export async function* discardedWords(
  log: EventLog,
  of: TokensBefore,
  scope: ResetScope,
  pathsPerPass = PATHS_PER_PASS,
): AsyncGenerator<Restatement> {
  const changes = await changesOf(log, of);
  for (let after: ObjectPath | undefined; ;) {
    const pass = new Pass(scope, after, pathsPerPass);
    for (let ordinal = of.tokens.lo; ordinal <= of.tokens.hi; ordinal++) {
      const token = tokenOf(of, ordinal);
      for await (const event of wordsIn(log, token)) pass.read(event);
      for (const change of changes) {
        if (change.upto !== ordinal) continue;
        if (change.taken) pass.discard(change.taken);
        const { event } = await eventAt(log, controlStream(of.place), change.revision);
        if (event.type === 'TokensFolded') pass.fold(event.words);
        else if ('restated' in event) pass.restate(event.restated);
      }
    }
    yield* pass.words();
    if (pass.end === undefined) return;
    after = pass.end;
  }
}

/** The newest words on the first paths behind another one, in bounded memory. */
class Pass {
  /** The last path that this pass speaks for; undefined: it speaks for all that are left. */
  end: ObjectPath | undefined;
  readonly #words = new Map<ObjectPath, ObjectEntry | null>();

  constructor(
    private readonly scope: ResetScope,
    private readonly after: ObjectPath | undefined,
    private readonly pathsMax: number,
  ) {}

  read(event: StagingEvent): void {
    if (event.type === 'ObjectStaged' || event.type === 'ObjectCloned') {
      this.#say(event.path, event.entry);
    } else if (event.type === 'ObjectUnstaged') this.#say(event.path, null);
    else if (event.type === 'WordsRestored') {
      for (const { path, entry } of event.words) this.#say(path, entry);
    }
  }

  /** All that was read until now is in tokens that it was taken from. */
  discard(scope: ResetScope): void {
    for (const path of this.#words.keys()) if (isIn(scope, path)) this.#words.delete(path);
  }

  /** What older tokens said, of paths that nothing read until now speaks of. */
  fold(words: readonly Restatement[]): void {
    for (const { path, entry } of words) if (!this.#words.has(path)) this.#say(path, entry);
  }

  restate(words: readonly Restatement[]): void {
    for (const { path, entry } of words) this.#say(path, entry);
  }

  words(): readonly Restatement[] {
    return this.#ascending().map((path) => ({ path, entry: this.#words.get(path) ?? null }));
  }

  #say(path: ObjectPath, entry: ObjectEntry | null): void {
    if (!isIn(this.scope, path)) return;
    if (this.after !== undefined && compareUtf8(path, this.after) <= 0) return;
    if (this.end !== undefined && compareUtf8(path, this.end) > 0) return;
    this.#words.set(path, entry);
    if (this.#words.size < 2 * this.pathsMax) return;
    const paths = this.#ascending();
    this.end = paths[this.pathsMax - 1];
    for (const late of paths.slice(this.pathsMax)) this.#words.delete(late);
  }

  #ascending(): ObjectPath[] {
    return [...this.#words.keys()].sort(compareUtf8);
  }
}

const isIn = (scope: ResetScope, path: ObjectPath): boolean => {
  if (scope.kind === 'all') return true;
  return scope.kind === 'object' ? path === scope.path : path.startsWith(scope.prefix);
};

function tokenOf({ place, life }: TokensBefore, ordinal: number): StagingToken {
  return stagingToken({ uid: place.repository.uid, branch: place.branch, life, ordinal });
}

/** Yields what was written to a token, from the log. */
export async function* wordsIn(log: EventLog, token: StagingToken): AsyncGenerator<StagingEvent> {
  const stream = stagingStream(token);
  for (let from = 0; ;) {
    const options = { from, direction: 'forward', limit: READ_EVENTS_MAX } as const;
    const events = await log.read(stream, options);
    for (const recorded of events) {
      const event = decodeEvent(recorded) as StagingEvent;
      // What stands behind the first close is void.
      if (event.type === 'TokenClosed') return;
      yield event;
    }
    from += events.length;
    if (events.length < READ_EVENTS_MAX) return;
  }
}

/** Returns what happened to these tokens before the event, in its order. */
async function changesOf(
  log: EventLog,
  { place, life, tokens, revision: end }: TokensBefore,
): Promise<readonly Change[]> {
  const changes: Change[] = [];
  const range = { from: end - 1, to: life };
  for await (const { event, revision } of eventsBack(log, controlStream(place), range)) {
    if (event.type === 'StagingDiscarded') {
      changes.push({ upto: event.tokens.hi, taken: event.scope, revision });
    } else if (event.type === 'TokensFolded') {
      changes.push({ upto: event.into, taken: undefined, revision });
    } else if (event.type === 'IntentFailed' && event.restated.length > 0 && event.record) {
      // The token that is left says what is restated, and no more.
      changes.push({ upto: event.record.tokens.lo, taken: { kind: 'all' }, revision });
    }
    const opens = 'opens' in event ? event.opens : undefined;
    if (opens !== undefined && opens <= tokens.lo) break;
  }
  return changes.toReversed();
}
