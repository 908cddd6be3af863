import type { CommitRecord, ObjectPath } from '../../../src/domain/model.js';
import { MemoryKvStore } from '../../../src/kv-adapter/memory-kv-store.js';
import { inlineProjection } from '../../../src/projections/all-projections.js';
import { work } from '../../support/samples/branch.samples.js';
import { root, uid } from '../../support/samples/repository.samples.js';
import { isSameContent, show, type Content } from '../branch-protocol/content.js';
import { Reference } from '../branch-protocol/reference.js';
import { must } from '../branch-protocol/violation.js';
import { dump, type World } from '../branch-protocol/world.js';
import { historyOf, recorded, type LogState, type StoredEvent } from './log-states.js';

/** What is to be known of a log. */
export interface LogFacts {
  readonly content: Content | null;
  /** The same number of the same content. */
  readonly contentId: number;
  readonly deletionCount: number;
  readonly isQuiet: boolean;
}

/** Runs of hooks stand in a stream of their own, though in truth nobody writes them down. */
export const HOOKS = 'hooks';
const KEPT = 2_000;
const COMPARED_EACH = 32;

/** Shows the reference what lands, and knows what each log shows. */
export class LogJudge {
  readonly facts: LogFacts[] = [];
  readonly #contentIds = new Map<string, number>();
  readonly #commits = new Map<string, CommitRecord>([[root.id, root]]);
  readonly #project = inlineProjection();
  readonly #views = new Map<number, MemoryKvStore>();
  readonly #references = new Map<number, Reference>();
  #metCount = 0;

  /** @param isConditional  says of a command whether it writes only where nothing is */
  constructor(
    private readonly world: World,
    private readonly isConditional: (commandId: string) => boolean,
  ) {}

  reference(log: LogState): Reference {
    const known = this.#references.get(log.id);
    if (known) return known;
    const reference = this.#newReference();
    this.#take(reference, historyOf(log));
    return keep(this.#references, log.id, reference);
  }

  /** Takes note of a log that nobody has judged: the one that a world begins with. */
  async first(log: LogState): Promise<void> {
    await this.#judged(log);
  }

  /** Takes one log for another, which says nothing more of the branch. */
  isAs(log: LogState, other: LogState): void {
    this.facts[log.id] ??= this.facts[other.id] as LogFacts;
  }

  /** Shows the reference what has landed, and compares what readers see with what they must. */
  async pass(
    log: LogState,
    { log: next, events }: { readonly log: LogState; readonly events: readonly StoredEvent[] },
  ): Promise<void> {
    this.learn(events);
    const reference = this.#newReference();
    this.#take(reference, historyOf(log));
    const before = reference.branch?.content() ?? null;
    this.#take(reference, events);
    for (const { type, commandId, json } of events) {
      if (type !== 'ObjectStaged' || !this.isConditional(commandId)) continue;
      const { path } = JSON.parse(json) as { path: ObjectPath };
      must(!before?.has(path), `${commandId} lands over what is there`);
    }
    if (this.facts[next.id]) return this.#compare([...historyOf(log), ...events], next);
    keep(this.#references, next.id, reference);
    await this.#judged(next);
  }

  /** Whichever way a log came about, its views are the same: now and then that is looked at. */
  #compare(history: readonly StoredEvent[], log: LogState): void {
    if (this.#metCount++ % COMPARED_EACH !== 0) return;
    must(dump(this.#viewOf(history)) === dump(this.view(log)), 'views depend on the way there');
  }

  async #judged(log: LogState): Promise<void> {
    const { branch, deletions } = this.reference(log);
    const content = branch?.content() ?? null;
    const seen = await this.world.seen(this.view(log));
    must((seen === null) === (content === null), 'the view has another branch');
    const isSame = !seen || !content || isSameContent(seen, content);
    must(isSame, `readers see ${show(seen)}, and it is ${show(content)}`);
    const text = show(content);
    const contentId = this.#contentIds.get(text) ?? this.#contentIds.size;
    this.#contentIds.set(text, contentId);
    const isQuiet = (branch?.queue.length ?? 0) === 0;
    this.facts[log.id] = { content, contentId, deletionCount: deletions.size, isQuiet };
  }

  learn(events: readonly StoredEvent[]): void {
    for (const { json } of events) {
      const { commit } = JSON.parse(json) as { commit?: CommitRecord };
      if (commit) this.#commits.set(commit.id, commit);
    }
  }

  view(log: LogState): MemoryKvStore {
    const known = this.#views.get(log.id);
    if (known) return known;
    return keep(this.#views, log.id, this.#viewOf(historyOf(log)));
  }

  #viewOf(history: readonly StoredEvent[]): MemoryKvStore {
    const kv = new MemoryKvStore();
    for (const event of history) {
      if (event.stream !== HOOKS) kv.apply(this.#project(recorded(event)));
    }
    return kv;
  }

  #newReference(): Reference {
    const { committed } = this.world;
    return new Reference(
      { uid, branch: work },
      {
        commitOf: (id) => {
          const commit = this.#commits.get(id);
          must(commit, `no commit is called ${id}`);
          return commit;
        },
        contentOf: ({ metaRangeId }) =>
          new Map([...committed.tree(metaRangeId)].map(([path, { checksum }]) => [path, checksum])),
      },
    );
  }

  #take(reference: Reference, events: readonly StoredEvent[]): void {
    const { position } = reference;
    const told = events.filter(({ stream }) => stream !== HOOKS);
    reference.take(told.map((event, at) => recorded(event, position + at + 1)));
  }
}

function keep<Value>(kept: Map<number, Value>, key: number, value: Value): Value {
  kept.set(key, value);
  if (kept.size > KEPT) {
    const [oldest] = kept.keys();
    if (oldest !== undefined) kept.delete(oldest);
  }
  return value;
}
