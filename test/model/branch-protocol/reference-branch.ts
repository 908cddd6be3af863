import type {
  BranchResult,
  Committed,
  HeadMoved,
  IntentFailed,
  IntentRequest,
  Merged,
  Restatement,
  StagingDiscarded,
  StoredBranchEvent,
  Undone,
} from '../../../src/domain/branch/branch.events.js';
import type { CommitRecord, ObjectPath } from '../../../src/domain/model.js';
import type { StagingEvent } from '../../../src/domain/staging/staging.events.js';
import { isSameContent, show, type Content } from './content.js';
import { layOver, type History } from './plain-laying.js';
import { judgeUndone, undoable, type Done } from './reference-undo.js';
import { must } from './violation.js';

interface Token {
  /** Null: a tombstone. */
  readonly words: Map<ObjectPath, string | null>;
  isClosed: boolean;
}

interface Waiting {
  readonly id: string;
  /** Undefined: a deletion. */
  readonly request: { readonly intent: IntentRequest; readonly upto: number } | undefined;
  readonly hookSet: string | undefined;
  claim?: { readonly untilMs: number };
  verdict?: boolean;
}

/** An intent at its turn, and what the branch would show of the tokens that it takes. */
interface Sealed {
  readonly intent: IntentRequest;
  readonly upto: number;
  readonly wanted: Content;
}

/**
 * One life of a branch, told from the log in the plainest way there is, by the protocol's text
 * and not by the program's code.
 */
export class ReferenceBranch {
  readonly tokens = new Map<number, Token>();
  head: CommitRecord;
  lo = 0;
  hi = -1;
  /** Filled by an undo, and not read yet; or never to be read. */
  readonly #unread = new Set<number>();
  readonly #hidden = new Set<number>();
  readonly #done: Done[] = [];
  #areWritesBlocked = false;
  #areCommitsBlocked = false;

  queue: Waiting[] = [];

  constructor(
    readonly life: number,
    head: CommitRecord,
    private readonly history: History,
    /** What was seen on the branch before it was deleted; undefined: there was none before. */
    private readonly former: Content | undefined,
  ) {
    this.head = head;
  }

  /** What readers must see. */
  content(): Content {
    return this.#over(this.lo, this.hi);
  }

  stagingEvent(ordinal: number, event: StagingEvent): void {
    const token = this.tokens.get(ordinal);
    switch (event.type) {
      case 'TokenOpened':
        must(!token, `token ${ordinal} is opened twice`);
        this.tokens.set(ordinal, { words: new Map(), isClosed: false });
        return;
      case 'ObjectStaged':
      case 'ObjectUnstaged':
        must(token && !token.isClosed, `a write lands in token ${ordinal}, which is not open`);
        must(ordinal === this.hi, `I2: a write lands in ${ordinal}, and ${this.hi} is the newest`);
        token.words.set(event.path, event.type === 'ObjectStaged' ? event.entry.checksum : null);
        return;
      case 'WordsRestored':
        must(token && !token.isClosed, `token ${ordinal} is filled, which is not open`);
        must(
          this.#hidden.has(ordinal) || this.#unread.has(ordinal),
          `token ${ordinal} is filled, and it is read`,
        );
        for (const { path, entry } of event.words) {
          must(!token.words.has(path), `${path} comes back twice`);
          token.words.set(path, entry?.checksum ?? null);
        }
        return;
      case 'TokenClosed':
        must(token && !token.isClosed, `token ${ordinal} is closed, and was not open`);
        token.isClosed = true;
        return;
      case 'StagedRowsDropped':
        must(
          ordinal < this.lo || this.#unread.has(ordinal),
          `rows of token ${ordinal} go, and ${this.lo} is the oldest in use`,
        );
    }
  }

  controlEvent(
    event: Exclude<StoredBranchEvent, { type: 'BranchCreated' | 'BranchDeleted' }>,
    { atMs, revision }: { readonly atMs: number; readonly revision: number },
  ) {
    const isDeleting = this.queue.some(({ request }) => !request);
    switch (event.type) {
      case 'IntentRequested':
        must(!isDeleting, 'an intent is accepted behind a deletion');
        must(event.upto === this.#newest, `I3: ${event.upto} is taken, not ${this.#newest}`);
        must(!this.#forbids(event), 'an intent is accepted that a rule forbids');
        this.queue.push({ id: event.intent.id, request: event, hookSet: event.intent.hookSet });
        if (fills(event.intent)) this.#hidden.add(event.upto + 1);
        return event.opens === undefined ? this.#sealed() : this.#open(event.opens);
      case 'TokenRotated':
        must(!isDeleting, 'a token is named behind a deletion');
        return this.#open(event.opens);
      case 'BranchDeletionRequested':
        must(!isDeleting, 'a deletion is accepted behind a deletion');
        this.queue.push({ id: event.intentId, request: undefined, hookSet: event.hookSet });
        return;
      case 'Committed':
      case 'Merged':
      case 'HeadMoved':
      case 'StagingDiscarded':
      case 'Undone':
      case 'IntentFailed':
        judgeHooks(this.queue[0], event, atMs);
        return this.#result(event, revision);
      case 'WritesBlocked':
        this.#areWritesBlocked = true;
        return;
      case 'WritesAllowed':
        must(!isDeleting, 'a token is named behind a deletion');
        this.#areWritesBlocked = false;
        return this.#open(event.opens);
      case 'CommitsBlocked':
        this.#areCommitsBlocked = true;
        return;
      case 'CommitsAllowed':
        this.#areCommitsBlocked = false;
        return;
      case 'HookClaimed': {
        const next = this.#asked(event.intentId);
        must(!next.claim, `H10: the hooks of ${next.id} are claimed twice`);
        next.claim = event;
        return;
      }
      case 'HookVerdict':
        this.#asked(event.intentId).verdict = event.hasPassed;
    }
  }

  #asked(intentId: string): Waiting {
    const [next] = this.queue;
    must(next?.id === intentId, `H10: hooks of ${intentId}, and it is not its turn`);
    must(next.verdict === undefined, `H10: the hooks of ${intentId} have answered already`);
    return next;
  }

  /**
   * A branch goes when its deletion is at the queue's head and nothing of it is open (I8); in steps
   * one more token may have been opened, which nobody has named, and so nobody writes to.
   */
  end(intentId: string): void {
    const [next] = this.queue;
    must(next?.id === intentId && !next.request, 'I5: deleted out of turn');
    must(next.hookSet === undefined || next.verdict, `H10: ${intentId} did not pass its hooks`);
    for (const [ordinal, { isClosed }] of this.tokens) {
      must(
        isClosed || ordinal > this.#newest || this.#unread.has(ordinal),
        `I8: token ${ordinal} is open, and its branch is gone`,
      );
    }
  }

  #sealed(): void {
    must(this.hi < 0 || this.tokens.get(this.hi)?.isClosed, `I1: ${this.hi} is open still`);
  }

  #forbids({ intent }: Extract<StoredBranchEvent, { type: 'IntentRequested' }>): boolean {
    const { kind } = intent.wish;
    if (kind === 'merge' || kind === 'restore') return false;
    if (kind === 'undo') return this.#areWritesBlocked;
    if (kind === 'hard-reset') return this.#areCommitsBlocked || this.#areWritesBlocked;
    return kind === 'reset' ? this.#areWritesBlocked : this.#areCommitsBlocked;
  }

  #open(ordinal: number): void {
    must(!this.#areWritesBlocked, 'H7: a token is named while writes are blocked');
    this.#sealed();
    must(ordinal === this.#newest + 1, `${ordinal} is named behind ${this.#newest}`);
    const token = this.tokens.get(ordinal);
    must(token && !token.isClosed, `token ${ordinal} is named, and is not open`);
    this.hi = ordinal;
  }

  get #newest(): number {
    return Math.max(this.hi, ...this.#hidden);
  }

  #result(result: BranchResult, revision: number): void {
    const { head } = this;
    const before = this.content();
    const next = this.queue.shift();
    must(next?.id === result.intentId, 'I5: a result out of turn');
    // Of a deletion there is one result that leaves the branch there: its hooks said no.
    if (result.type === 'IntentFailed' && !next.request) return;
    must(next.request, 'a deletion does something else');
    const { upto } = next.request;
    const sealed = { ...next.request, wanted: this.#over(this.lo, upto) };
    if (result.type === 'Undone') this.#undone(result, sealed);
    if (result.type !== 'IntentFailed') {
      this.#done.push({ revision, result, seen: sealed.wanted, head, upto });
    }
    switch (result.type) {
      case 'IntentFailed':
        this.#failed(result, sealed);
        break;
      case 'Committed':
        this.#committed(result, sealed);
        break;
      case 'Merged':
        return this.#merged(result, sealed);
      case 'HeadMoved':
        return this.#moved(result, sealed);
      case 'StagingDiscarded':
        return this.#discarded(result, sealed);
      case 'Undone':
        return;
    }
    must(isSameContent(before, this.content()), `I4: ${result.type} changes what is seen`);
  }

  #failed({ reason, conflicts, restated }: IntentFailed, { intent, upto, wanted }: Sealed): void {
    const { wish, id } = intent;
    if (fills(intent)) {
      this.#hidden.delete(upto + 1);
      this.#unread.add(upto + 1);
    }
    const isClean = isSameContent(wanted, this.#committedContent());
    const isProof = reason === 'no_changes' || reason === 'conflict';
    must(isClean || !isProof, `"${reason}" is said of ${id}, and there are changes`);
    must(isProof || restated.length === 0, `${id} restates what it has not looked through`);
    if (isProof) this.lo = Math.max(this.lo, restated.length > 0 ? upto : upto + 1);
    this.#restate(upto, restated);
    switch (reason) {
      case 'no_changes':
        if (wish.kind === 'commit') return;
        return must(!this.#wouldChange(intent), `${id} is told "no changes", and brings some`);
      case 'dirty':
        must(
          wish.kind !== 'commit' && !isClean,
          `${id} is told of a dirty branch, and it is clean`,
        );
        return;
      case 'conflict': {
        const laid = layOver(this.head, wish, this.history);
        const found = laid.kind === 'conflict' ? laid.paths.join() : 'none';
        return must(
          conflicts.join() === found,
          `${id} is told of ${conflicts.join()}, not ${found}`,
        );
      }
      case 'head_moved': {
        if (wish.kind === 'restore') return;
        if (wish.kind === 'undo') {
          return must(!undoable(this.#done, wish.of), `${id} is late, and it is not`);
        }
        const from = wish.kind === 'hard-reset' ? wish.from : null;
        return must(from !== null && from !== this.head.id, `${id} is counted from this very head`);
      }
      case 'hook_refused':
      case 'hook_interrupted':
        return;
      default:
        must(false, `${id} fails with ${reason}`);
    }
  }

  #committed({ commit, from }: Committed, { intent, upto, wanted }: Sealed): void {
    must(from === this.head.id, `${commit.id} is not made on the head`);
    must(commit.parents[0] === from && commit.parents.length === 1, 'another parent');
    must(commit.message === intent.message, `${commit.message} is said, not ${intent.message}`);
    const isEmpty = isSameContent(wanted, this.#committedContent());
    must(!isEmpty, `${intent.id} commits nothing`);
    this.#holds(commit, wanted);
    this.head = commit;
    this.lo = Math.max(this.lo, upto + 1);
  }

  /** A clean branch takes the other tree, and its tokens are consumed, effective or not (H6). */
  #merged({ commit, from }: Merged, { intent, upto, wanted }: Sealed): void {
    const { id, wish } = intent;
    must(from === this.head.id, `${commit.id} is not made on the head`);
    must(isSameContent(wanted, this.#committedContent()), `${id} hides what is staged`);
    const beside = wish.kind === 'merge' && !wish.isSquash ? [wish.source] : [];
    must(commit.parents.join() === [from, ...beside].join(), `${id} has other parents`);
    const laid = layOver(this.head, wish, this.history);
    must(laid.kind === 'content', `${id} is merged over a conflict`);
    this.#holds(commit, laid.content);
    this.head = commit;
    this.lo = Math.max(this.lo, upto + 1);
  }

  /** What is said again of a path is what the head says, so nobody sees it. */
  #restate(ordinal: number, restated: readonly Restatement[]): void {
    const words = this.tokens.get(ordinal)?.words;
    must(words || restated.length === 0, `token ${ordinal} is not there to say anything again`);
    const committed = this.#committedContent();
    for (const { path, entry } of restated) {
      const said = entry?.checksum ?? null;
      must(said === (committed.get(path) ?? null), `${path} is said again otherwise`);
      words?.set(path, said);
    }
  }

  #moved({ from, to }: HeadMoved, { intent: { id, wish }, upto, wanted }: Sealed): void {
    must(isSameContent(wanted, this.#committedContent()), `${id} moves what is staged elsewhere`);
    must(wish.kind === 'hard-reset' && wish.to === to.commitId, `${id} moves the head elsewhere`);
    must(from === this.head.id, `${id} moves another head`);
    must(wish.from === null || wish.from === from, `${id} is counted from another head`);
    this.head = this.history.commitOf(to.commitId);
    this.lo = Math.max(this.lo, upto + 1);
  }

  #discarded(
    { scope, tokens, restated }: StagingDiscarded,
    { intent: { id }, upto }: Sealed,
  ): void {
    must(tokens.lo === this.lo && tokens.hi === upto, `${id} discards what it has not sealed`);
    if (scope.kind === 'all') {
      this.lo = Math.max(this.lo, upto + 1);
      return;
    }
    for (let ordinal = this.lo; ordinal <= upto; ordinal++) {
      const words = this.tokens.get(ordinal)?.words ?? new Map<ObjectPath, string | null>();
      for (const path of words.keys()) {
        const isIn = scope.kind === 'object' ? path === scope.path : path.startsWith(scope.prefix);
        if (isIn) words.delete(path);
      }
    }
    this.#restate(upto, restated);
  }

  /** The head is where it was, and the words that were filled are read from here on. */
  #undone(result: Undone, { intent: { id, wish }, upto, wanted }: Sealed): void {
    const { from, to, token, lo, of } = result;
    must(fills({ wish }) && 'of' in wish && wish.of === of, `${id} takes back something else`);
    must(token === upto + 1 && this.#hidden.has(token), `${id} fills ${token}`);
    must(lo > token || this.tokens.get(token)?.isClosed, `token ${token} is read, and is open`);
    must(from === this.head.id, `${id} moves another head`);
    const before = this.#committedContent();
    this.head = this.history.commitOf(to.commitId);
    this.#hidden.delete(token);
    this.hi = Math.max(this.hi, token);
    this.lo = lo;
    const after = this.#over(lo, token);
    if (wish.kind === 'restore') {
      must(this.former && isSameContent(after, this.former), `${id} brings ${show(after)} back`);
      return;
    }
    const isSaidFrom = (first: number, path: ObjectPath) =>
      [...this.tokens].some(
        ([ordinal, { words }]) => ordinal >= first && ordinal < token && words.has(path),
      );
    const heads = { from: before, to: this.#committedContent() };
    judgeUndone(result, { done: this.#done, seen: wanted, ...heads, isSaidFrom }, after);
    const operation = this.#done.find(({ revision }) => revision === of);
    must(
      operation?.head.id === to.commitId || operation?.result.type === 'StagingDiscarded',
      `${id} puts the head elsewhere`,
    );
  }

  #wouldChange({ wish }: IntentRequest): boolean {
    const laid = layOver(this.head, wish, this.history);
    return laid.kind === 'conflict' || !isSameContent(laid.content, this.#committedContent());
  }

  #holds(commit: CommitRecord, wanted: Content): void {
    const held = this.history.contentOf(commit);
    must(isSameContent(held, wanted), `${commit.id} holds ${show(held)}, not ${show(wanted)}`);
  }

  #committedContent(): Content {
    return this.history.contentOf(this.head);
  }

  /** The words of some tokens over the head, the newest last. */
  #over(lo: number, hi: number): Content {
    const content = new Map(this.#committedContent());
    for (let ordinal = lo; ordinal <= hi; ordinal++) {
      if (this.#hidden.has(ordinal) || this.#unread.has(ordinal)) continue;
      for (const [path, word] of this.tokens.get(ordinal)?.words ?? []) {
        if (word === null) content.delete(path);
        else content.set(path, word);
      }
    }
    return content;
  }
}

/** Whether an intent's words come into a token of their own. */
const fills = ({ wish: { kind } }: Pick<IntentRequest, 'wish'>): boolean =>
  kind === 'undo' || kind === 'restore';

/** What has hooks comes to something when they agree, and they are told of as the log has them. */
function judgeHooks(next: Waiting | undefined, result: BranchResult, atMs: number): void {
  if (!next) return;
  const { id, hookSet, claim, verdict } = next;
  const reason = result.type === 'IntentFailed' ? result.reason : undefined;
  if (reason === 'hook_refused') {
    return must(verdict === false, `H10: ${id} is refused, and its hooks said ${verdict}`);
  }
  if (reason === 'hook_interrupted') {
    must(claim && verdict === undefined, `H10: the hooks of ${id} were not interrupted`);
    return must(atMs >= claim.untilMs, `H10: the hooks of ${id} have time until ${claim.untilMs}`);
  }
  must(verdict !== false, `H10: ${id} is done, and its hooks said no`);
  must(hookSet === undefined || verdict, `H10: ${id} is done, and nobody asked its hooks`);
}
