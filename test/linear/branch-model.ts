import type { CommitGraph, Imported, MergedTree } from './commit-graph.js';
import type { LoggedEvent } from './log-event.js';
import type { Entries, Strategy } from './operations.js';
import { differencesOf, textOf, Timeline } from './timeline.js';

interface Staged {
  readonly ordinal: number;
  readonly path: string;
  /** Undefined: a tombstone. */
  readonly value: string | undefined;
}

/** What was asked of a branch's queue, and what the log says became of it. */
export interface Intent {
  readonly id: string;
  readonly branch: string;
  readonly kind: string;
  readonly message: string;
  readonly source: string | undefined;
  /** What is brought or taken back. */
  readonly of: string;
  readonly strategy: Strategy;
  readonly upto: number;
  readonly requestId: string;
  readonly requestedAt: number;
  result: { readonly at: number; readonly is: string; readonly commit?: string } | undefined;
}

interface Wish {
  readonly kind: string;
  readonly source?: string;
  readonly commit?: string;
  readonly strategy?: Strategy;
}

/**
 * One branch as its events say it must be: a plain account, with the contents of commits worked out
 * anew. What the events do that they may not is a fault.
 */
export class BranchModel {
  readonly timeline = new Timeline();
  #isAlive = false;
  #life = -1;
  #head = '';
  #newest = -1;
  #shown: Entries = new Map();
  #staged: Staged[] = [];
  readonly #queue: Intent[] = [];
  readonly #open = new Set<string>();
  #deletion: { readonly id: string; readonly requestId: string } | undefined;

  constructor(
    readonly name: string,
    private readonly graph: CommitGraph,
    private readonly imports: ReadonlyMap<string, Imported>,
    private readonly fault: (event: LoggedEvent, what: string) => void,
  ) {}

  /** Intents that are still pending. */
  get pending(): readonly Intent[] {
    return this.#queue;
  }

  create(event: LoggedEvent): void {
    const { life, head } = event.data as { life: number; head: { commitId: string } };
    if (this.#isAlive) this.fault(event, 'it was there already');
    if (this.graph.tree(head.commitId) === undefined) this.graph.add(head.commitId, [], new Map());
    this.#isAlive = true;
    this.#life = life;
    this.#newest = -1;
    this.#staged = [];
    this.#moveTo(event, head.commitId);
  }

  open(event: LoggedEvent, token: { life: number; ordinal: number }): void {
    for (const open of this.#open) this.fault(event, `token ${open} is open still`);
    this.#open.add(`${token.life}.${token.ordinal}`);
  }

  close(_event: LoggedEvent, token: { life: number; ordinal: number }): void {
    this.#open.delete(`${token.life}.${token.ordinal}`);
  }

  rotate(event: LoggedEvent): void {
    const { opens } = event.data as { opens?: number };
    if (opens === undefined) return;
    if (opens !== this.#newest + 1) this.fault(event, `token ${opens} is not the next one`);
    this.#newest = opens;
  }

  stage(event: LoggedEvent, of: { life: number } & Staged): void {
    const { life, ordinal, path, value } = of;
    if (!this.#isAlive || life !== this.#life) this.fault(event, 'it is of no life of the branch');
    if (ordinal !== this.#newest) this.fault(event, `${ordinal} is not the newest token`);
    if (!this.#open.has(`${life}.${ordinal}`)) this.fault(event, 'its token is closed');
    this.#staged.push({ ordinal, path, value });
    this.#show(event, overlaid(this.#shown, [{ ordinal, path, value }]));
  }

  request(event: LoggedEvent): Intent {
    const { intent, upto } = event.data as {
      intent: { id: string; message: string; wish: Wish };
      upto: number;
    };
    const { kind, source, commit: of = '', strategy = 'default' } = intent.wish;
    const asked: Intent = {
      id: intent.id,
      branch: this.name,
      kind,
      message: intent.message,
      source,
      of,
      strategy,
      upto,
      requestId: event.requestId,
      requestedAt: event.position,
      result: undefined,
    };
    if (!this.#isAlive || this.#deletion) this.fault(event, 'no branch, or on its way out');
    if (upto !== this.#newest) this.fault(event, `it takes up to ${upto}, not the newest token`);
    if (this.#open.has(`${this.#life}.${upto}`)) this.fault(event, 'what it takes is not closed');
    const isStrange = kind === 'import' && !this.imports.has(intent.message);
    if (isStrange) this.fault(event, `nobody has asked for the import "${intent.message}"`);
    this.#queue.push(asked);
    this.rotate(event);
    return asked;
  }

  /** A result: of what is first in the queue, and as the model would have it. */
  complete(event: LoggedEvent): void {
    const { intentId } = event.data as { intentId: string };
    const intent = this.#queue.shift();
    if (intent?.id !== intentId) {
      this.fault(event, `the result of ${intentId}, and the queue begins with ${intent?.id}`);
      return;
    }
    const { commit, reason } = event.data as {
      commit?: { id: string; parents: readonly string[]; message: string };
      reason?: string;
    };
    const is = reason ?? 'done';
    intent.result = { at: event.position, is, ...(commit && { commit: commit.id }) };
    if (commit) this.#committed(event, intent, commit);
    else if (event.type === 'StagingDiscarded') this.#discarded(event, intent);
    else this.#failed(event, intent, is);
  }

  requestDeletion(event: LoggedEvent): void {
    const { intentId } = event.data as { intentId: string };
    this.#deletion = { id: intentId, requestId: event.requestId };
  }

  /** @returns the request that asked for it */
  delete(event: LoggedEvent): string {
    const { requestId = event.requestId } = this.#deletion ?? {};
    this.#deletion = undefined;
    this.#isAlive = false;
    for (const intent of this.#queue.splice(0))
      intent.result = { at: event.position, is: 'deleted' };
    for (const open of this.#open) this.fault(event, `token ${open} is open behind it`);
    this.#shown = new Map();
    this.#staged = [];
    this.#note(event);
    return requestId;
  }

  #committed(
    event: LoggedEvent,
    intent: Intent,
    commit: { id: string; parents: readonly string[]; message: string },
  ): void {
    if (commit.parents[0] !== this.#head) this.fault(event, `it does not stand on ${this.#head}`);
    if (commit.message !== intent.message) this.fault(event, 'it is not what was asked for');
    const before = this.graph.tree(this.#head) ?? new Map<string, string>();
    const sealed = overlaid(before, this.#upto(intent));
    const isSame = textOf(sealed) === textOf(before);
    let tree: Entries = sealed;
    if (intent.kind === 'commit' && isSame) this.fault(event, 'there was nothing to commit');
    const merged = this.#laid(intent);
    if (merged) {
      if (!isSame) this.fault(event, 'it was not clean');
      if (merged.is === 'tree') tree = merged.tree;
      else this.fault(event, `it was done in spite of ${merged.is}`);
    }
    this.graph.add(commit.id, commit.parents, tree);
    this.#staged = this.#staged.filter(({ ordinal }) => ordinal > intent.upto);
    const shown = textOf(this.#shown);
    this.#moveTo(event, commit.id);
    if (intent.kind === 'commit' && textOf(this.#shown) !== shown) {
      this.fault(event, 'a commit changed what is shown');
    }
  }

  #discarded(event: LoggedEvent, { upto }: Intent): void {
    this.#staged = this.#staged.filter(({ ordinal }) => ordinal > upto);
    this.#moveTo(event, this.#head);
  }

  #failed(event: LoggedEvent, intent: Intent, reason: string): void {
    const before = this.graph.tree(this.#head) ?? new Map<string, string>();
    const isSame = textOf(overlaid(before, this.#upto(intent))) === textOf(before);
    const merged = this.#laid(intent);
    let isTrue = false;
    if (reason === 'dirty') isTrue = !isSame;
    else if (merged?.is === 'tree') {
      isTrue = reason === 'no_changes' && isSame && textOf(merged.tree) === textOf(before);
      // A source that brings commits and no change is none either way.
      isTrue ||= reason === 'no_changes' && intent.kind === 'merge' && isSame;
    } else if (merged) isTrue = reason === merged.is;
    else isTrue = reason === 'no_changes' && isSame;
    if (!isTrue) this.fault(event, `"${reason}" is not so`);
  }

  /** Returns what it makes of the head; undefined: what is made of nothing but what is staged. */
  #laid({ kind, message, source = '', of, strategy }: Intent): MergedTree | undefined {
    const imported = this.imports.get(message);
    switch (kind) {
      case 'merge':
        return this.graph.merge(source, this.#head, strategy);
      case 'revert':
        return this.graph.moved(of, this.#head, 'taken back');
      case 'cherry-pick':
        return this.graph.moved(of, this.#head, 'brought');
      case 'import':
        return imported && this.graph.imported(imported, this.#head);
      default:
        return undefined;
    }
  }

  #upto({ upto }: Intent): readonly Staged[] {
    return this.#staged.filter(({ ordinal }) => ordinal <= upto);
  }

  #moveTo(event: LoggedEvent, head: string): void {
    this.#head = head;
    this.#show(event, overlaid(this.graph.tree(head) ?? new Map(), this.#staged));
  }

  #show(event: LoggedEvent, shown: Entries): void {
    this.#shown = shown;
    this.#note(event);
  }

  #note({ position }: LoggedEvent): void {
    const isAlive = this.#isAlive;
    const committed = this.graph.tree(this.#head) ?? new Map<string, string>();
    this.timeline.add({
      position,
      isAlive,
      head: isAlive ? this.#head : undefined,
      shown: this.#shown,
      diffText: isAlive ? textOf(differencesOf(this.#shown, committed)) : undefined,
    });
  }
}

function overlaid(tree: Entries, staged: readonly Staged[]): Entries {
  const over = new Map(tree);
  for (const { path, value } of staged) {
    if (value === undefined) over.delete(path);
    else over.set(path, value);
  }
  return over;
}
