import { randomUUID } from 'node:crypto';
import type { CommandId, EventId } from '../../src/domain/model.js';
import type { EventContext, NewEvent, WrittenEvent } from '../../src/ports/event-log.js';
import type { KvWrite } from '../../src/ports/kv-store.js';
import { utf8 } from '../../src/shared/bytes.js';

/** An event with an id of its own, which nothing but the test's own projection knows. */
export const newEvent = (fields: Partial<NewEvent> = {}): NewEvent => ({
  id: randomUUID() as EventId,
  type: 'Noted',
  version: 1,
  data: {},
  ...fields,
});

export const closing = (fields: Partial<NewEvent> = {}): NewEvent =>
  newEvent({ type: 'Closed', closes: true, ...fields });

/** An event about a key, as a guard sees it. */
export const about = (key: string, fields: Partial<NewEvent> = {}): NewEvent =>
  newEvent({ key: utf8(key), ...fields });

export const context: EventContext = {
  atMs: 1_700_000_000_123,
  caller: 'somebody',
  requestId: 'request',
  commandId: 'command' as CommandId,
};

/**
 * The view of these tests: an event's `writes` says what it changes. The partition is the event's
 * stream, under `notes/`.
 */
export function notes({ stream, data }: WrittenEvent): readonly KvWrite[] {
  const writes = (data['writes'] ?? []) as readonly (readonly string[])[];
  const partition = `notes/${stream}`;
  return writes.map(([kind = '', first = '', second = '']): KvWrite => {
    if (kind === 'put') {
      return { kind, partition, key: utf8(first), value: utf8(second), schema: 1 };
    }
    if (kind === 'delete') return { kind, partition, key: utf8(first) };
    return {
      kind: 'drop',
      partition,
      ...(first !== '' && { from: utf8(first) }),
      ...(second !== '' && { until: utf8(second) }),
    };
  });
}

/** Returns a stream name that no other test has. */
export const newStream = (prefix = 'stream-'): string => `${prefix}${randomUUID()}`;
