import type { EventContext, EventLog, StreamAppend } from '../../ports/event-log.js';
import { EventRefused, UnknownOutcome, WrongExpectedRevision } from '../../ports/store-errors.js';
import { NotOfThisArchive } from './archive-errors.js';

/** Sent again after no answer: it is written once, and the first answer comes. */
const UNKNOWN_TRIES_MAX = 20;

/**
 * Appends recorded events, one append behind the other.
 *
 * @returns how many events the log knew
 * @throws NotOfThisArchive  the log has another event where one of these would stand; those before
 *   are in, and none behind
 */
export async function writeAppends(
  log: EventLog,
  appends: readonly StreamAppend[],
): Promise<number> {
  let knownCount = 0;
  for (const one of appends) knownCount += await writeOne(log, one);
  return knownCount;
}

async function writeOne(log: EventLog, append: StreamAppend): Promise<number> {
  const [first] = append.events;
  const context = first?.recorded as EventContext;
  for (let tries = 1; ; tries++) {
    try {
      const [result] = await log.append([append], context);
      return result?.isRepeated === true ? append.events.length : 0;
    } catch (error) {
      if (error instanceof UnknownOutcome && tries < UNKNOWN_TRIES_MAX) continue;
      if (error instanceof WrongExpectedRevision) throw notOfThis(append.stream, error);
      // Some of a run may be in: a run ends elsewhere when it is cut by another size.
      if (!(error instanceof EventRefused) || append.events.length === 1) throw error;
      return writeAppends(log, eachOf(append));
    }
  }
}

function eachOf(append: StreamAppend): readonly StreamAppend[] {
  const first = append.expected as number;
  return append.events.map((event, index) => ({
    ...append,
    expected: first + index,
    events: [event],
  }));
}

const notOfThis = (stream: string, cause: WrongExpectedRevision): NotOfThisArchive =>
  new NotOfThisArchive(
    `stream ${stream} has other events in this log: it ends at revision ${cause.actual.revision}`,
    { cause },
  );
