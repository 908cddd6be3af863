// Server-sent events, as browsers read them (HTML Living Standard, 9.2): a field a line, and an
// empty line behind a message. A line that begins with a colon is a comment. A message that is an
// id alone is given to nobody, and read on from all the same.
import type { ToldEvent } from '../queries/feed/told-event.js';
import { utf8 } from '../shared/bytes.js';

/** Returns an event as a message. Neither its type nor JSON holds a line's end. */
export function frameOf(event: ToldEvent): Uint8Array {
  const { position, type } = event;
  return utf8(`id: ${position}\nevent: ${type}\ndata: ${JSON.stringify(jsonOf(event))}\n\n`);
}

/** Returns what a feed begins with: when to come again, and from where, before any event came. */
export const openingFrame = (position: number, retryMs: number): Uint8Array =>
  utf8(`retry: ${retryMs}\nid: ${position}\n\n`);

/** Returns a sign of life; with a position when the client is to go on from there. */
export const beatFrame = (position: number | undefined): Uint8Array =>
  position === undefined ? BEAT : utf8(`:\nid: ${position}\n\n`);

/** The contract of `data`, as docs/feed.md tells it. */
function jsonOf(event: ToldEvent) {
  const { position, stream, revision, type, version, atMs, uid, repository, branch } = event;
  return {
    position,
    stream,
    revision,
    type,
    version,
    time: new Date(atMs).toISOString(),
    time_ms: atMs,
    caller: event.caller,
    request_id: event.requestId,
    command_id: event.commandId,
    event_id: event.id,
    repository,
    repository_uid: uid,
    branch,
    data: event.data,
  };
}

const BEAT = utf8(':\n');
