import { createHash } from 'node:crypto';
import type { Intent } from './branch-model.js';
import type { Landed, Model, Turn } from './model.js';
import type { Entries, Operation, Recorded } from './operations.js';
import { textOf, type Version } from './timeline.js';

/** Where an operation stands in the order of the log. */
export interface Place {
  /** Not before this one may anything stand that begins after its answer; undefined: anywhere. */
  readonly at: number | undefined;
  /** Its first effect: behind all that was answered before it began; undefined: it has none. */
  readonly from?: number;
  readonly faults: readonly string[];
}

type Of<Do extends Operation['do']> = Extract<Operation, { do: Do }>;

/** What is asked of a branch's queue. */
type Moves = 'commit' | 'merge' | 'revert' | 'pick' | 'import' | 'reset';

const NOWHERE: Place = { at: undefined, faults: [] };
const wrong = (...faults: string[]): Place => ({ at: undefined, faults });
const isGone = ({ isAlive }: Version): boolean => !isAlive;

/** Finds the places of operations, each of which explains events of the log, or none. */
export class Places {
  readonly #intents = new Map<string, Intent[]>();
  readonly #turns = new Map<string, Turn>();
  readonly #tombstones = new Map<string, Landed>();
  readonly #asked: ReadonlySet<string>;
  /** Tombstones that clients whose answer was lost may have asked for. */
  readonly #lostDeletes: Of<'delete'>[] = [];

  constructor(
    private readonly model: Model,
    history: readonly Recorded[],
  ) {
    for (const intent of model.intents) {
      const key = intent.kind === 'reset' ? intent.requestId : intent.message;
      this.#intents.set(key, [...(this.#intents.get(key) ?? []), intent]);
    }
    for (const turn of [...model.created, ...model.deleted]) this.#turns.set(turn.requestId, turn);
    for (const landed of model.tombstones) this.#tombstones.set(landed.requestId, landed);
    this.#asked = new Set(
      history.flatMap(({ operation }) => (operation.do === 'put' ? [md5(operation.body)] : [])),
    );
  }

  /** @param now  the latest place of all that was answered before it began */
  of(recorded: Recorded, now: number): Place {
    const { operation } = recorded;
    switch (operation.do) {
      case 'put':
        return this.#put(recorded, operation, now);
      case 'delete':
        return this.#delete(recorded, operation, now);
      case 'commit':
      case 'merge':
      case 'revert':
      case 'pick':
      case 'import':
        return this.#intent(recorded, operation, operation.message, now);
      case 'reset':
        return this.#intent(recorded, operation, recorded.requestId ?? '', now);
      case 'create':
      case 'drop':
        return this.#turn(recorded, operation, now);
      case 'tree':
        return this.#tree(recorded, operation);
      default:
        return this.#read(recorded, operation, now);
    }
  }

  /** What is in the log and nobody has asked for. */
  leftOver(): readonly string[] {
    const found: string[] = [];
    for (const [value, landed] of this.model.puts) {
      if (!this.#asked.has(value)) found.push(`nobody has put ${JSON.stringify(landed)}`);
    }
    for (const tombstone of this.#tombstones.values()) {
      const at = this.#lostDeletes.findIndex(
        ({ branch, path }) => branch === tombstone.branch && path === tombstone.path,
      );
      if (at < 0) found.push(`nobody has deleted ${JSON.stringify(tombstone)}`);
      else this.#lostDeletes.splice(at, 1);
    }
    return found;
  }

  #put({ answer }: Recorded, { branch, path, body, isIfAbsent }: Of<'put'>, now: number): Place {
    const all = this.model.puts.get(md5(body)) ?? [];
    const [landed] = all;
    const faults: string[] = all.length > 1 ? [`it is there ${all.length} times`] : [];
    if (landed === undefined) {
      if (answer.is === 'unknown') return NOWHERE;
      if (answer.is === 'done') return wrong('it was acknowledged, and is not there');
      if (answer.is !== 'refused') return wrong('not an answer to this');
      return this.#seen(branch, now, (version) =>
        answer.why === 'path_exists' && isIfAbsent ? version.shown.has(path) : isGone(version),
      );
    }
    if (answer.is === 'refused') faults.push(`it was refused, and is there at ${landed.position}`);
    const before = this.#timeline(branch).at(landed.position - 1);
    if (isIfAbsent && before.shown.has(path)) faults.push('something was there');
    if (landed.branch !== branch || landed.path !== path) faults.push('it is somewhere else');
    return { at: landed.position, from: landed.position, faults };
  }

  #delete({ answer, requestId }: Recorded, operation: Of<'delete'>, now: number): Place {
    const { branch, path } = operation;
    const landed = requestId === undefined ? undefined : this.#tombstones.get(requestId);
    if (landed) {
      this.#tombstones.delete(landed.requestId);
      const faults = answer.is === 'refused' ? ['it was refused, and is there'] : [];
      return { at: landed.position, from: landed.position, faults };
    }
    if (answer.is === 'unknown') {
      if (requestId === undefined) this.#lostDeletes.push(operation);
      return NOWHERE;
    }
    return this.#seen(branch, now, (version) =>
      answer.is === 'done' ? version.isAlive && !version.shown.has(path) : isGone(version),
    );
  }

  /** What is sealed at one place of the log, and decided at a later one. */
  #intent({ answer }: Recorded, operation: Of<Moves>, key: string, now: number): Place {
    const all = this.#intents.get(key) ?? [];
    const [intent] = all;
    const faults = all.length > 1 ? [`it was accepted ${all.length} times`] : [];
    if (intent === undefined) {
      if (answer.is === 'unknown') return NOWHERE;
      const isTakenBack = operation.do === 'import' && operation.isCancelled;
      if (isTakenBack && answer.is === 'refused' && answer.why === 'cancelled') return NOWHERE;
      if (answer.is !== 'refused' || answer.why !== 'not_found') {
        return wrong('it was answered, and never accepted');
      }
      if (operation.do !== 'merge') return this.#seen(operation.branch, now, isGone);
      // Either of the two branches was not there.
      const [source, branch] = [operation.source, operation.branch].map((name) =>
        this.#timeline(name).earliest(now, isGone),
      );
      const at = Math.min(source ?? Infinity, branch ?? Infinity);
      return at < Infinity ? { at, faults } : wrong('both branches were there all the time');
    }
    faults.push(...this.#faultsOf(answer, operation, intent, now));
    // What came of one whose client was not told binds nobody.
    return { at: intent.result?.at, from: intent.requestedAt, faults };
  }

  #faultsOf(
    answer: Recorded['answer'],
    operation: Of<Moves>,
    { result, source, requestedAt }: Intent,
    now: number,
  ): string[] {
    const faults: string[] = [];
    if (operation.do === 'merge') {
      const at = this.#timeline(operation.source).earliest(now, ({ head }) => head === source);
      if (at === undefined || at > requestedAt) faults.push('the source was never there meanwhile');
    }
    if (answer.is === 'unknown') return faults;
    if (result === undefined) return [...faults, 'it was answered, and never decided'];
    const { is, commit } = result;
    const isDone = answer.is === 'done' && is === 'done' && answer.commit === commit;
    const why = is === 'deleted' ? 'not_found' : is;
    const isRefused = answer.is === 'refused' && answer.why === why;
    if (!isDone && !isRefused) faults.push(`the log says ${JSON.stringify(result)}`);
    return faults;
  }

  #turn(recorded: Recorded, operation: Of<'create'> | Of<'drop'>, now: number): Place {
    const { answer, requestId } = recorded;
    const turn = requestId === undefined ? undefined : this.#turns.get(requestId);
    if (turn === undefined) {
      if (answer.is === 'unknown') return NOWHERE;
      if (answer.is !== 'refused') {
        // Two who delete a branch at once are both told that it is gone.
        const { at } = this.#deletionOf(operation, now) ?? {};
        if (at !== undefined) return { at, from: at, faults: [] };
        return wrong('it was acknowledged, and is not in the log');
      }
      if (answer.why === 'branch_exists') {
        return this.#seen(operation.branch, now, ({ isAlive }) => isAlive);
      }
      const missing = operation.do === 'create' ? operation.source : operation.branch;
      return this.#seen(missing, now, isGone);
    }
    const faults: string[] = answer.is === 'refused' ? ['it was refused, and is in the log'] : [];
    if (operation.do === 'create') {
      const at = this.#timeline(operation.source).earliest(now, ({ head }) => head === turn.head);
      if (at === undefined || at > turn.position) faults.push('its source never stood there');
      const isOther = answer.is === 'done' && answer.commit !== turn.head;
      if (isOther) faults.push(`the log says ${turn.head}`);
    }
    return { at: turn.position, from: turn.position, faults };
  }

  #deletionOf(operation: Operation, now: number): { readonly at: number } | undefined {
    if (operation.do !== 'drop') return undefined;
    const { branch } = operation;
    const found = this.model.deleted.find((one) => one.branch === branch && one.position > now);
    return found && { at: found.position };
  }

  #tree({ answer }: Recorded, { commit }: Of<'tree'>): Place {
    if (answer.is === 'unknown') return NOWHERE;
    const tree = this.model.graph.tree(commit);
    if (tree === undefined) return wrong('there is no such commit');
    const entries = answer.is === 'entries' ? answer.entries : undefined;
    if (entries !== undefined && textOf(entries) === textOf(tree)) return NOWHERE;
    return wrong(`it must hold ${textOf(tree)}`);
  }

  #read(
    { answer }: Recorded,
    operation: Of<'stat' | 'list' | 'diff' | 'head'>,
    now: number,
  ): Place {
    if (answer.is === 'unknown') return NOWHERE;
    const { branch } = operation;
    if (answer.is === 'value') {
      const { value } = answer;
      return this.#seen(branch, now, ({ shown, head }) =>
        operation.do === 'stat' ? shown.get(operation.path) === value : head === value,
      );
    }
    if (answer.is !== 'entries') return wrong('not an answer to this');
    const text = answer.entries && textOf(answer.entries);
    return this.#seen(branch, now, (version) => {
      if (operation.do !== 'list') return version.diffText === text;
      return (version.isAlive ? pageText(version.shown, operation) : undefined) === text;
    });
  }

  #seen(branch: string, now: number, isSeen: (version: Version) => boolean): Place {
    const at = this.#timeline(branch).earliest(now, isSeen);
    if (at !== undefined) return { at, faults: [] };
    return wrong(`the branch never was so from ${now} on`);
  }

  #timeline(branch: string) {
    return this.model.branch(branch).timeline;
  }
}

const pageText = (shown: Entries, { after, amount }: Of<'list'>): string =>
  textOf(
    new Map(
      [...shown]
        .filter(([path]) => path > after)
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .slice(0, amount),
    ),
  );

export const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
