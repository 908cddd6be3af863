import type { CommandId, EventId } from '../../domain/model.js';
import type { RecordedEvent } from '../../ports/event-log.js';
import { CorruptData } from '../../ports/store-errors.js';

/** Returns an event as a line of JSON, the line's end left out: docs/formats/event-archive.md. */
export function toLine(event: RecordedEvent): string {
  const { position, stream, revision, id, type, version, closes } = event;
  const { atMs, caller, requestId, commandId, data } = event;
  return JSON.stringify({
    position,
    stream,
    revision,
    id,
    type,
    version,
    ...(closes && { closes }),
    atMs,
    caller,
    requestId,
    commandId,
    data,
  });
}

/** @throws CorruptData  it is no such line */
export function fromLine(line: string): RecordedEvent {
  let event: { readonly [key: string]: unknown };
  try {
    event = JSON.parse(line) as { readonly [key: string]: unknown };
  } catch (error) {
    throw new CorruptData('a line of an archive is no JSON', { cause: error });
  }
  const wrong = fault(event);
  if (wrong !== undefined) throw new CorruptData(`a line of an archive has no ${wrong}`);
  return {
    position: event['position'] as number,
    stream: event['stream'] as string,
    revision: event['revision'] as number,
    id: event['id'] as EventId,
    type: event['type'] as string,
    version: event['version'] as number,
    closes: event['closes'] === true,
    atMs: event['atMs'] as number,
    caller: event['caller'] as string,
    requestId: event['requestId'] as string,
    commandId: event['commandId'] as CommandId,
    data: event['data'] as RecordedEvent['data'],
  };
}

const NUMBERS = ['position', 'revision', 'version', 'atMs'] as const;
const TEXTS = ['stream', 'id', 'type', 'caller', 'requestId', 'commandId'] as const;

function fault(event: { readonly [key: string]: unknown }): string | undefined {
  if (typeof event !== 'object' || event === null) return 'event';
  const number = NUMBERS.find((name) => !Number.isSafeInteger(event[name]));
  const text = TEXTS.find((name) => typeof event[name] !== 'string');
  const isObject = typeof event['data'] === 'object' && event['data'] !== null;
  return number ?? text ?? (isObject ? undefined : 'data');
}
