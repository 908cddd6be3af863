import type { StoredBranchEvent } from '../../../src/domain/branch/branch.events.js';
import { branchStream } from '../../../src/domain/branch/branch.stream.js';
import { decodeEvent } from '../../../src/domain/event-types.js';
import type { StagingEvent } from '../../../src/domain/staging/staging.events.js';
import { placeOfToken, tokenOfStream } from '../../../src/domain/staging/staging.stream.js';
import type { RecordedEvent } from '../../../src/ports/event-log.js';
import type { History } from './plain-laying.js';
import type { Content } from './content.js';
import { ReferenceBranch } from './reference-branch.js';
import { must } from './violation.js';

/** What the branch showed from a position on; null: there was none. */
export interface Shown {
  readonly position: number;
  readonly content: Content | null;
}

/** Where a write landed. */
export interface Landing {
  readonly path: string;
  readonly position: number;
  readonly life: number;
  readonly ordinal: number;
}

export interface Requested {
  readonly position: number;
  readonly life: number;
  readonly upto: number;
}

/** The history of one branch as the log tells it, checked event by event. */
export class Reference {
  readonly shown: Shown[] = [{ position: 0, content: null }];
  /** By command. */
  readonly landings = new Map<string, Landing[]>();
  readonly requests = new Map<string, Requested>();
  readonly results = new Map<string, StoredBranchEvent>();
  readonly deletions = new Map<string, number[]>();
  readonly creations = new Map<string, number>();
  /** Since when nobody finds the repository. */
  hiddenAt: number | undefined;
  purgedAt: number | undefined;
  /** Somebody has asked a hook, which may take its time. */
  hasHooks = false;
  /** Of the last event that was taken. */
  position = 0;
  #lives = new Map<number, ReferenceBranch>();
  #branch: ReferenceBranch | undefined;
  /** What was seen on the branch when it was deleted last. */
  #former: Content | undefined;

  constructor(
    private readonly name: { readonly uid: string; readonly branch: string },
    readonly history: History,
  ) {}

  get branch(): ReferenceBranch | undefined {
    return this.#branch;
  }

  /** Takes events in the log's order; of a group, what it says of tokens stands first. */
  take(events: readonly RecordedEvent[]): void {
    for (const event of events) {
      if (event.type === 'RepositoryDeletionRequested') this.hiddenAt = event.position;
      if (event.type === 'RepositoryPurged') this.purgedAt = event.position;
      if (event.stream === this.#stream) this.#control(event);
      else this.#staging(event);
      this.position = event.position;
      this.shown.push({ position: this.position, content: this.#branch?.content() ?? null });
    }
  }

  /** Returns what was shown at one moment or another of a span, both ends included. */
  shownBetween(from: number, to: number): readonly (Content | null)[] {
    const first = this.shown.findLastIndex(({ position }) => position <= from);
    return this.shown
      .slice(Math.max(0, first))
      .filter(({ position }, index) => index === 0 || position <= to)
      .map(({ content }) => content);
  }

  /** Returns what was shown right before an event. */
  shownBefore(position: number): Content | null {
    return this.shown.findLast((each) => each.position < position)?.content ?? null;
  }

  get #stream(): string {
    return branchStream(this.name.uid as never, this.name.branch as never);
  }

  #staging(recorded: RecordedEvent): void {
    if (!recorded.stream.startsWith(`staging-${this.name.uid}.${this.name.branch}.`)) return;
    const { life, ordinal } = placeOfToken(tokenOfStream(recorded.stream));
    const event = decodeEvent(recorded) as StagingEvent;
    if (event.type === 'ObjectStaged' || event.type === 'ObjectUnstaged') {
      must(this.#branch?.life === life, `a write lands in life ${life}, which is over`);
      must(!this.purgedAt, 'H8: a write lands in a repository that is gone');
      const landing = { path: event.path, position: recorded.position, life, ordinal };
      const { commandId } = recorded;
      const before = this.landings.get(commandId) ?? [];
      const isFirst = before.every(({ path }) => path !== event.path);
      must(isFirst, `${commandId} is stored twice`);
      this.landings.set(commandId, [...before, landing]);
    }
    // Of a life that is over, only what is left of it may go.
    if (event.type === 'StagedRowsDropped' && this.#branch?.life !== life) return;
    const owner = this.#lives.get(life);
    must(owner, `token ${ordinal} of life ${life}, which never was`);
    owner.stagingEvent(ordinal, event);
  }

  #control(recorded: RecordedEvent): void {
    const event = decodeEvent(recorded) as StoredBranchEvent;
    if (event.type === 'BranchCreated') {
      must(!this.#branch, 'created while it is there');
      must(event.life === recorded.revision, `life ${event.life} begins at ${recorded.revision}`);
      const head = this.history.commitOf(event.head.commitId);
      this.#branch = new ReferenceBranch(event.life, head, this.history, this.#former);
      this.#lives.set(event.life, this.#branch);
      this.creations.set(recorded.commandId, recorded.position);
      return;
    }
    this.hasHooks ||= event.type === 'HookClaimed';
    const branch = this.#branch;
    must(branch, `${event.type} on a branch that is not there`);
    // Of two who delete a repository the slower one may take away a branch that the other's list
    // did not have, since it was created while the repository was going.
    // And what was to come back to a branch that was created so is asked for with it, and fails.
    const isAsked = event.type === 'IntentRequested' && event.intent.wish.kind === 'restore';
    const isTidying = isAsked || TIDYING.has(event.type);
    must(!this.purgedAt || isTidying, `H8: ${event.type} in a repository that is gone`);
    if (event.type === 'BranchDeleted') {
      branch.end(event.intentId);
      this.#former = branch.content();
      for (const { id } of branch.queue) this.#record(id, event);
      this.deletions.set(event.intentId, [recorded.position]);
      this.#branch = undefined;
      return;
    }
    branch.controlEvent(event, recorded);
    if (event.type === 'IntentRequested') {
      const { position } = recorded;
      must(!this.requests.has(event.intent.id), `${event.intent.id} is accepted twice`);
      this.requests.set(event.intent.id, { position, life: branch.life, upto: event.upto });
    }
    if ('intentId' in event && !isStep(event)) {
      this.#record(event.intentId, event);
    }
  }

  #record(intentId: string, result: StoredBranchEvent): void {
    must(!this.results.has(intentId), `I5: ${intentId} has two results`);
    this.results.set(intentId, result);
  }
}

const TIDYING: ReadonlySet<StoredBranchEvent['type']> = new Set([
  'BranchDeletionRequested',
  'BranchDeleted',
  'IntentFailed',
]);

/** Whether an event says something of an intent, and not what became of it. */
const isStep = ({ type }: StoredBranchEvent): boolean =>
  type === 'BranchDeletionRequested' || type === 'HookClaimed' || type === 'HookVerdict';
