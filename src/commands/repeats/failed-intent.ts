import { decodeEvent } from '../../domain/event-types.js';
import type { IntentId } from '../../domain/model.js';
import type { EventContext, EventLog } from '../../ports/event-log.js';
import { WrongExpectedRevision } from '../../ports/store-errors.js';
import { resultEventId } from '../branch/branches.js';
import { newEvent } from '../new-events.js';
import type { Once, Request } from '../request.js';
import { isEffect, ownEvents } from './effect-of.js';

/**
 * Takes the word back that a request was accepted, when it was an intent, and failed: it has done
 * nothing, and never will.
 *
 * @returns whether it was one: then a refusal of the request may be kept, if nobody asks anew
 */
export async function takeBackFailed(
  log: EventLog,
  request: Request & { readonly once: Once },
  context: EventContext,
): Promise<boolean> {
  const own = await ownEvents(log, request.once);
  const last = own.events.at(-1);
  if (!last || !isEffect(last)) return false;
  const { stream, commandId: intent } = last;
  const result = await log.find(stream, resultEventId(intent as string as IntentId));
  if (!result || decodeEvent(result).type !== 'IntentFailed') return false;
  const event = { type: 'RequestTookEffect', stream, eventCount: 0 } as const;
  const events = [newEvent(event, intent, 'no effect')];
  try {
    await log.append([{ stream: request.once.stream, expected: own.end, events }], context);
  } catch (error) {
    // Another attempt has taken it back, or asks anew.
    if (!(error instanceof WrongExpectedRevision)) throw error;
  }
  return true;
}
