import type { BranchRecord, StoredBranchEvent } from '../../domain/branch/branch.events.js';
import { branchStream } from '../../domain/branch/branch.stream.js';
import { DomainError } from '../../domain/errors.js';
import { decodeEvent } from '../../domain/event-types.js';
import type { BranchId, CommitId, RepositoryUid, TagId } from '../../domain/model.js';
import type { AsOf } from '../../domain/ref/as-of.js';
import type { TagEvent } from '../../domain/tag/tag.events.js';
import { tagStream } from '../../domain/tag/tag.stream.js';
import type { EventLog, RecordedEvent } from '../../ports/event-log.js';
import { lastThat } from './places.js';

/** A branch as it stood at some moment. */
export interface BranchMoment {
  readonly kind: 'branch';
  readonly uid: RepositoryUid;
  readonly branch: BranchId;
  readonly record: BranchRecord;
  /** The control event that said so last, and where it stands. */
  readonly control: { readonly revision: number; readonly position: number };
  /**
   * How much of its open token belongs to it, beside all that stands before `control`: what is not
   * behind this position, nor later than this.
   */
  readonly until: { readonly position: number; readonly atMs: number };
  /** Whatever is appended yet, it stays this moment. */
  readonly isSettled: boolean;
  /** As it was asked for, for refusals. */
  readonly ref: string;
}

/** A branch, or the commit that a tag named then. */
export type Moment =
  BranchMoment | { readonly kind: 'commit'; readonly tag: TagId; readonly commitId: CommitId };

export interface MomentAsked {
  readonly uid: RepositoryUid;
  readonly name: string;
  readonly asOf: AsOf;
  readonly ref: string;
  readonly nowMs: number;
}

/** Events that are looked at, one after the other, for moves of a head. */
const LOOKED_BACK_MAX = 100_000;
const LOOKED_BACK_PAGE = 100;

/**
 * Returns what had a name at a moment, by the streams of that name alone: positions ascend in a
 * stream, and times nearly do.
 *
 * A time is the place in the branch's own events before the first that is later, as far as its
 * nodes' clocks agree; whatever was answered before that time is in it.
 *
 * @throws DomainError  ref_not_found: nothing ever had the name; moment_not_found, moment_in_future
 */
export async function findMoment(log: EventLog, asked: MomentAsked): Promise<Moment> {
  const { uid, name, asOf, ref } = asked;
  const isLater = asOf.kind === 'time' && asOf.atMs > asked.nowMs;
  if (isLater) throw new DomainError('moment_in_future', { ref });
  const stream = branchStream(uid, name as BranchId);
  const ends = await Promise.all([log.end(stream), log.end(tagStream(uid, name as TagId))]);
  const [branchEnd, tagEnd] = ends.map(({ revision }) => revision) as [number, number];
  if (branchEnd < 0 && tagEnd < 0) throw new DomainError('ref_not_found');
  const atBranch = branchEnd < 0 ? NEVER : await branchAt(log, asked, branchEnd);
  if (typeof atBranch === 'object') return atBranch;
  const isOfBranch = branchEnd >= 0 && (asOf.kind === 'revision' || asOf.kind === 'moves');
  const atTag = tagEnd < 0 || isOfBranch ? NEVER : await tagAt(log, asked, tagEnd);
  if (typeof atTag === 'object') return atTag;
  throw new DomainError('moment_not_found', { ref, why: atBranch === NEVER ? atTag : atBranch });
}

type Nothing =
  | 'nothing had this name before it was created, which was later'
  | 'it was deleted before, and not there again'
  | 'its head has not moved so often';
const NEVER: Nothing = 'nothing had this name before it was created, which was later';
const DELETED: Nothing = 'it was deleted before, and not there again';
const TOO_FEW: Nothing = 'its head has not moved so often';

async function branchAt(
  log: EventLog,
  asked: MomentAsked,
  end: number,
): Promise<BranchMoment | Nothing> {
  const { uid, name, asOf, ref } = asked;
  const stream = branchStream(uid, name as BranchId);
  const found = await placeIn(log, stream, asked, end);
  if (typeof found === 'string') return found;
  const { event, until } = found;
  if (asOf.kind === 'position') await refuseFuture(log, asked, event.position);
  const record = recordIn(event);
  if (record === null) return DELETED;
  const { revision, position } = event;
  const control = { revision, position };
  // Of a time, what is appended now may still bear one that is not later.
  const isSettled = asOf.kind === 'time' ? until.position < ANYWHERE : asOf.kind !== 'moves';
  const branch = name as BranchId;
  return { kind: 'branch', uid, branch, record, control, until, isSettled, ref };
}

async function tagAt(log: EventLog, asked: MomentAsked, end: number): Promise<Moment | Nothing> {
  const { uid, name, asOf } = asked;
  if (asOf.kind === 'moves' && asOf.count > 0) return TOO_FEW;
  const found = await placeIn(log, tagStream(uid, name as TagId), asked, end);
  if (typeof found === 'string') return found;
  if (asOf.kind === 'position') await refuseFuture(log, asked, found.event.position);
  const event = decodeEvent(found.event) as TagEvent;
  if (event.type === 'TagDeleted') return DELETED;
  return { kind: 'commit', tag: name as TagId, commitId: event.commitId };
}

interface Place {
  /** The last event of the stream that belongs to the moment. */
  readonly event: RecordedEvent;
  readonly until: BranchMoment['until'];
}

const ANY_TIME = Number.POSITIVE_INFINITY;

/** @param end  the stream's last revision, which is no less than 0 */
async function placeIn(
  log: EventLog,
  stream: string,
  { asOf, ref }: Pick<MomentAsked, 'asOf' | 'ref'>,
  end: number,
): Promise<Place | Nothing> {
  const span = { from: 0, to: end };
  switch (asOf.kind) {
    case 'revision': {
      const { revision } = asOf;
      if (revision > end) throw new DomainError('moment_in_future', { ref });
      const event = await eventAt(log, stream, revision);
      return event ? { event, until: { position: event.position, atMs: ANY_TIME } } : NEVER;
    }
    case 'position': {
      const { position } = asOf;
      const event = await lastThat(log, stream, span, (each) => each.position <= position);
      return event ? { event, until: { position, atMs: ANY_TIME } } : NEVER;
    }
    case 'time': {
      const { atMs } = asOf;
      const event = await lastThat(log, stream, span, (each) => each.atMs <= atMs);
      if (!event) return NEVER;
      const next = event.revision < end && (await eventAt(log, stream, event.revision + 1));
      return { event, until: { position: next ? next.position - 1 : ANYWHERE, atMs } };
    }
    case 'moves':
      return movesAgo(log, stream, asOf.count, end);
  }
}

const ANYWHERE = Number.MAX_SAFE_INTEGER;

/** Looks back from the end over one life of a branch, to where its head had moved less often. */
async function movesAgo(
  log: EventLog,
  stream: string,
  count: number,
  end: number,
): Promise<Place | Nothing> {
  let left = count;
  let newer: { readonly event: RecordedEvent; readonly record: BranchRecord } | undefined;
  let until: BranchMoment['until'] = { position: ANYWHERE, atMs: ANY_TIME };
  for (let from = end; from >= 0 && end - from < LOOKED_BACK_MAX; from -= LOOKED_BACK_PAGE) {
    const options = { from, direction: 'backward', limit: LOOKED_BACK_PAGE } as const;
    for (const event of await log.read(stream, options)) {
      const record = recordIn(event);
      if (newer && record?.life !== newer.record.life) return TOO_FEW;
      if (newer && record?.head.commitId !== newer.record.head.commitId) {
        left--;
        until = { position: newer.event.position - 1, atMs: ANY_TIME };
      }
      if (left === 0) return { event, until };
      if (record === null) return DELETED;
      newer = { event, record };
    }
  }
  return TOO_FEW;
}

const recordIn = (event: RecordedEvent): BranchRecord | null =>
  (decodeEvent(event) as StoredBranchEvent).record;

async function eventAt(
  log: EventLog,
  stream: string,
  revision: number,
): Promise<RecordedEvent | undefined> {
  const [event] = await log.read(stream, { from: revision, direction: 'forward', limit: 1 });
  return event;
}

/** @param known  a position that the log has */
async function refuseFuture(
  log: EventLog,
  { asOf, ref }: Pick<MomentAsked, 'asOf' | 'ref'>,
  known: number,
): Promise<void> {
  if (asOf.kind !== 'position' || asOf.position <= known) return;
  const isFuture = asOf.position > (await log.lastPosition());
  if (isFuture) throw new DomainError('moment_in_future', { ref });
}
