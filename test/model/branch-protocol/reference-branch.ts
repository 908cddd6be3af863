import type {
  BranchResult,
  IntentRequest,
  StoredBranchEvent,
} from '../../../src/domain/branch/branch.events.js';
import type { CommitRecord, ObjectPath } from '../../../src/domain/model.js';
import type { StagingEvent } from '../../../src/domain/staging/staging.events.js';
import { must } from './violation.js';

/** What a branch shows: checksums by path. */
export type Content = ReadonlyMap<ObjectPath, string>;

interface Token {
  /** Null: a tombstone. */
  readonly words: Map<ObjectPath, string | null>;
  isClosed: boolean;
}

interface Waiting {
  readonly id: string;
  /** Undefined: a deletion. */
  readonly request: { readonly intent: IntentRequest; readonly upto: number } | undefined;
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
  queue: Waiting[] = [];

  constructor(
    readonly life: number,
    head: CommitRecord,
    private readonly contentOf: (commit: CommitRecord) => Content,
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
      case 'TokenClosed':
        must(token && !token.isClosed, `token ${ordinal} is closed, and was not open`);
        token.isClosed = true;
        return;
      case 'StagedRowsDropped':
        must(ordinal < this.lo, `rows of token ${ordinal} go, and ${this.lo} is the oldest in use`);
    }
  }

  controlEvent(event: Exclude<StoredBranchEvent, { type: 'BranchCreated' | 'BranchDeleted' }>) {
    const isDeleting = this.queue.some(({ request }) => !request);
    switch (event.type) {
      case 'IntentRequested':
        must(!isDeleting, 'an intent is accepted behind a deletion');
        must(event.upto === this.hi, `I3: ${event.upto} is taken, and ${this.hi} is the newest`);
        this.queue.push({ id: event.intent.id, request: event });
        return event.opens === undefined ? this.#sealed() : this.#open(event.opens);
      case 'TokenRotated':
        must(!isDeleting, 'a token is named behind a deletion');
        return this.#open(event.opens);
      case 'BranchDeletionRequested':
        must(!isDeleting, 'a deletion is accepted behind a deletion');
        this.queue.push({ id: event.intentId, request: undefined });
        return;
      case 'Committed':
      case 'IntentFailed':
        return this.#result(event);
      case 'WritesBlocked':
      case 'HookClaimed':
      case 'HookVerdict':
        return;
      default:
        must(false, `${event.type} is nothing that was asked for`);
    }
  }

  /** A branch goes when its deletion is at the queue's head and nothing of it is open (I8). */
  end(intentId: string): void {
    must(this.queue[0]?.id === intentId && !this.queue[0].request, 'I5: deleted out of turn');
    for (const [ordinal, { isClosed }] of this.tokens) {
      must(isClosed, `I8: token ${ordinal} is open, and its branch is gone`);
    }
  }

  #sealed(): void {
    must(this.hi < 0 || this.tokens.get(this.hi)?.isClosed, `I1: ${this.hi} is open still`);
  }

  #open(ordinal: number): void {
    this.#sealed();
    must(ordinal === this.hi + 1, `${ordinal} is named behind ${this.hi}`);
    const token = this.tokens.get(ordinal);
    must(token && !token.isClosed, `token ${ordinal} is named, and is not open`);
    this.hi = ordinal;
  }

  #result(result: BranchResult): void {
    const before = this.content();
    const next = this.queue.shift();
    must(next?.id === result.intentId && next.request, 'I5: a result out of turn');
    const { upto, intent } = next.request;
    const wanted = this.#over(this.lo, upto);
    const isEmpty = isSameContent(wanted, this.contentOf(this.head));
    if (result.type === 'IntentFailed') {
      must(
        isEmpty || result.reason !== 'no_changes',
        `"no changes" is said of ${intent.id}, and there are some`,
      );
      if (result.reason === 'no_changes') this.lo = Math.max(this.lo, upto + 1);
    } else if (result.type === 'Committed') {
      const { commit, from } = result;
      must(from === this.head.id, `${commit.id} is not made on the head`);
      must(commit.parents[0] === from && commit.parents.length === 1, 'another parent');
      must(commit.message === intent.message, `${commit.message} is said, not ${intent.message}`);
      must(!isEmpty, `${intent.id} commits nothing`);
      const held = this.contentOf(commit);
      must(isSameContent(held, wanted), `${intent.id} holds ${show(held)}, not ${show(wanted)}`);
      this.head = commit;
      this.lo = Math.max(this.lo, upto + 1);
    }
    must(isSameContent(before, this.content()), 'I4: a commit changes what is seen');
  }

  /** The words of some tokens over the head, the newest last. */
  #over(lo: number, hi: number): Content {
    const content = new Map(this.contentOf(this.head));
    for (let ordinal = lo; ordinal <= hi; ordinal++) {
      for (const [path, word] of this.tokens.get(ordinal)?.words ?? []) {
        if (word === null) content.delete(path);
        else content.set(path, word);
      }
    }
    return content;
  }
}

export const isSameContent = (left: Content, right: Content): boolean =>
  left.size === right.size && [...left].every(([path, value]) => right.get(path) === value);

export const show = (content: Content | null): string =>
  content === null ? 'nothing' : `{${[...content].map((pair) => pair.join(':')).sort()}}`;
