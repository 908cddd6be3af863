import { eventIdOf } from '../../domain/event-id.js';
import type { StagingEvent } from '../../domain/staging/staging.events.js';
import type { EventContext, EventLog } from '../../ports/event-log.js';
import { WrongExpectedRevision } from '../../ports/store-errors.js';
import { newEvent } from '../new-events.js';
import type { Once, Request } from '../request.js';
import { answeredMeanwhile, isEffect, ownEvents, writtenBy, type OwnEvents } from './effect-of.js';

/** Attempts of one request that may come between. */
const TRIES_MAX = 20;

type OnceRequest = Request & { readonly once: Once };

/**
 * Without groups a write cannot be appended with the word that it was made. So the word comes
 * first, and names the token: whoever comes again under the key finishes the write in that token,
 * and names another one only when that one is closed without it, since nothing can land there then.
 *
 * Each attempt names the token for itself. So one that is refused takes the word back only when
 * no other attempt relies on it.
 *
 * @returns `named`: the write may be made; `elsewhere`: an attempt has named another token that is
 *   open still, so look again; or what was written before
 * @throws WrongExpectedRevision  the request was answered meanwhile
 */
export async function nameToken(
  log: EventLog,
  request: OnceRequest,
  write: { readonly stream: string; readonly eventCount: number },
  context: EventContext,
): Promise<'named' | 'elsewhere' | readonly StagingEvent[]> {
  const { once, commandId } = request;
  for (let tries = 0; ; tries++) {
    const own = await ownEvents(log, once);
    const last = own.events.findLast(isEffect);
    if (last) {
      // In this order: what is not there behind the close never will be.
      const { isClosed } = await log.end(last.stream);
      const written = await writtenBy(log, commandId, last);
      if (written) return written;
      if (!isClosed && last.stream !== write.stream) return 'elsewhere';
    }
    const id = namingId(request, write.stream);
    if (own.events.at(-1)?.id === id) return 'named';
    const refusal = answeredMeanwhile(once, own);
    if (refusal) throw refusal;
    const event = { ...newEvent({ type: 'RequestTookEffect', ...write }, commandId, ''), id };
    try {
      await log.append([{ stream: once.stream, expected: own.end, events: [event] }], context);
      return 'named';
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision) || tries >= TRIES_MAX) throw error;
    }
  }
}

/**
 * Takes the word back that a token is written to, of a request that was refused: if this attempt
 * alone has given it, or if nothing can land there any more. Else who has given it, and has died,
 * would keep all others from being told of the refusal.
 */
export async function unnameToken(
  log: EventLog,
  request: OnceRequest,
  context: EventContext,
): Promise<void> {
  const { once, commandId } = request;
  const own = await ownEvents(log, once);
  const last = own.events.at(-1);
  if (!last || !isEffect(last)) return;
  const { stream } = last;
  const isOwn = last.id === namingId(request, stream) && !isNamedByOthers(own, request);
  // In this order: what is not there behind the close never will be.
  if (!isOwn && !(await log.end(stream)).isClosed) return;
  if (await writtenBy(log, commandId, last)) return;
  const part = `no ${namingPart(request, stream)}`;
  const event = newEvent({ type: 'RequestTookEffect', stream, eventCount: 0 }, commandId, part);
  try {
    await log.append([{ stream: once.stream, expected: own.end, events: [event] }], context);
  } catch (error) {
    // Another attempt goes on from there.
    if (!(error instanceof WrongExpectedRevision)) throw error;
  }
}

const isNamedByOthers = ({ events }: OwnEvents, request: Request): boolean =>
  events.some((event) => isEffect(event) && event.id !== namingId(request, event.stream));

const namingPart = ({ caller }: Request, stream: string): string =>
  `effect/${stream}/${caller.requestId}`;

const namingId = (request: Request, stream: string) =>
  eventIdOf(request.commandId, namingPart(request, stream));
