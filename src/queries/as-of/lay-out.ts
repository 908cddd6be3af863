import type { StoredBranchEvent } from '../../domain/branch/branch.events.js';
import { nextTurn } from '../../committed/turn.js';
import { branchStream } from '../../domain/branch/branch.stream.js';
import { decodeEvent } from '../../domain/event-types.js';
import type { StagingToken } from '../../domain/model.js';
import { stagingStream, tokensBetween } from '../../domain/staging/staging.stream.js';
import type { EventLog, RecordedEvent } from '../../ports/event-log.js';
import { inlineProjection } from '../../projections/all-projections.js';
import { put } from '../../projections/kv-codec.js';
import { keys, partitions, wordPartitions } from '../../projections/kv-keys.js';
import { stagingProjection } from '../../projections/staging.projection.js';
import type { BranchMoment } from './find-moment.js';
import { PastRows } from './past-rows.js';
import { lastThat, pagesOf, type RevisionSpan } from './places.js';

/** The events that say what was staged at a moment. */
export interface StagedEvents {
  /** Newest first, each with the events that its stream had. */
  readonly tokens: readonly { readonly token: StagingToken; readonly eventCount: number }[];
  /** Control events since the oldest of the tokens was named; some act on what they hold. */
  readonly controls: RevisionSpan;
  /** Over all of these. */
  readonly eventCount: number;
}

/** Streams that are asked for their ends at once, and tokens that are read at once. */
const STREAMS_AT_ONCE = 64;
const TOKENS_AT_ONCE = 8;
/** A millisecond or two of them. */
const EVENTS_PER_TURN = 200;

/** Returns which events make up what was staged at a moment; it reads few of them. */
export async function stagedEvents(log: EventLog, moment: BranchMoment): Promise<StagedEvents> {
  const { uid, branch, record } = moment;
  const { life } = record;
  const [newest, ...sealed] = tokensBetween({ uid, branch, life }, record.tokens);
  if (newest === undefined) return { tokens: [], controls: { from: 0, to: -1 }, eventCount: 0 };
  const tokens = [{ token: newest, eventCount: await countOfNewest(log, moment, newest) }];
  for (let at = 0; at < sealed.length; at += STREAMS_AT_ONCE) {
    const some = sealed.slice(at, at + STREAMS_AT_ONCE);
    const ends = await Promise.all(some.map((token) => log.end(stagingStream(token))));
    for (const [index, token] of some.entries()) {
      tokens.push({ token, eventCount: (ends[index]?.revision ?? -1) + 1 });
    }
  }
  const controls = { from: await firstControl(log, moment), to: moment.control.revision };
  const staged = tokens.reduce((sum, { eventCount }) => sum + eventCount, 0);
  return { tokens, controls, eventCount: staged + controls.to - controls.from + 1 };
}

/** The newest token took writes after the control event, until the moment. */
async function countOfNewest(
  log: EventLog,
  { control, until }: BranchMoment,
  token: StagingToken,
): Promise<number> {
  const stream = stagingStream(token);
  const { revision: to } = await log.end(stream);
  const last = await lastThat(
    log,
    stream,
    { from: 0, to },
    ({ position, atMs }) =>
      position <= control.position || (position <= until.position && atMs <= until.atMs),
  );
  return (last?.revision ?? -1) + 1;
}

/** Returns the revision of the event that named the oldest token, or of one of its kind. */
async function firstControl(
  log: EventLog,
  { uid, branch, record, control }: BranchMoment,
): Promise<number> {
  const { life, tokens } = record;
  const isBeforeToken = (event: RecordedEvent) => {
    const { record: then } = decodeEvent(event) as StoredBranchEvent;
    return then !== null && then.tokens.hi < tokens.lo;
  };
  const span = { from: life, to: control.revision };
  const before = await lastThat(log, branchStream(uid, branch), span, isBeforeToken);
  return (before?.revision ?? life - 1) + 1;
}

/** As `EventLog` gives them, so that any view's own function can take them. */
const project = inlineProjection([stagingProjection]);

/**
 * Lays out what was staged at a moment, as the staging view had it: by the view's own function,
 * over the events that it was made of then.
 *
 * No token's order against another's counts, since each has partitions of its own; and whatever
 * event of the branch changes what a token says comes behind all that was written there.
 *
 * @param onPage  told what is laid out so far; it throws to put an end to it
 */
export async function layOut(
  log: EventLog,
  { uid, branch, control }: BranchMoment,
  { tokens, controls }: StagedEvents,
  onPage: (rows: PastRows) => void,
): Promise<PastRows> {
  const rows = new PastRows(tokens.flatMap(({ token }) => partitionsOf(token)).concat(TOKENS));
  const take = async (events: readonly RecordedEvent[]) => {
    for (let at = 0; at < events.length; at += EVENTS_PER_TURN) {
      for (const event of events.slice(at, at + EVENTS_PER_TURN)) rows.write(project(event));
      await nextTurn();
    }
    onPage(rows);
  };
  const layToken = async ({ token, eventCount }: StagedEvents['tokens'][number]) => {
    // Named, a token is there, though the event that opens it may come a moment later.
    rows.write([put(TOKENS, keys.token(token), { openedAtMs: 0 })]);
    const span = { from: 0, to: eventCount - 1 };
    for await (const events of pagesOf(log, stagingStream(token), span)) {
      const isSealed = token !== tokens[0]?.token;
      // Its rows were dropped later.
      await take(isSealed ? events.filter(({ position }) => position <= control.position) : events);
    }
  };
  for (let at = 0; at < tokens.length; at += TOKENS_AT_ONCE) {
    // None goes on behind the back of who was told that one has failed.
    const laid = await Promise.allSettled(tokens.slice(at, at + TOKENS_AT_ONCE).map(layToken));
    for (const each of laid) if (each.status === 'rejected') throw each.reason;
  }
  for await (const events of pagesOf(log, branchStream(uid, branch), controls)) await take(events);
  await rows.settle();
  return rows;
}

const TOKENS = partitions.tokens;

const partitionsOf = (token: StagingToken): readonly string[] => [
  ...wordPartitions(token),
  partitions.deletedRuns(token),
];
