import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { eventSamples, type EventSample } from '../../../test/support/samples/event.samples.js';
import { encodeEvent, type EventType } from '../../domain/event-types.js';
import type { CommandId, EventId, RepositoryId } from '../../domain/model.js';
import { keepOutside } from '../../domain/outside-event.js';
import type { RecordedEvent } from '../../ports/event-log.js';
import { utf8 } from '../../shared/bytes.js';
import { FeedEvents, type ToldEvent } from './told-event.js';
import { isTold } from './told-types.js';

type Stored = Pick<RecordedEvent, 'stream' | 'type' | 'version' | 'data'>;

const folder = new URL('../../../test/samples/events/', import.meta.url);
const samples = readdirSync(folder).map(
  (file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Stored,
);

const recorded = (stored: Stored): RecordedEvent => ({
  ...stored,
  id: 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6' as EventId,
  position: 7,
  revision: 3,
  closes: false,
  atMs: 1_700_000_000_123,
  caller: 'ada',
  requestId: 'request',
  commandId: 'command' as CommandId,
});

/** Returns what is told of an event; undefined: nothing. */
async function tell(stored: Stored, name?: string): Promise<ToldEvent | undefined> {
  let told: ToldEvent | undefined;
  const names = {
    nameOf: async () => name as RepositoryId | undefined,
    learn: () => undefined,
  };
  const events = new FeedEvents(names, (event) => {
    told = event;
    return utf8('told');
  });
  const { bytes } = await events.of(recorded(stored));
  expect(bytes.length > 0).toBe(told !== undefined);
  return told;
}

describe('an event in the feed', () => {
  it.each(samples)(
    'is told in its newest shape, whichever was stored: $type $version',
    async (stored) => {
      const told = await tell(stored);
      if (!isTold(stored.type)) {
        expect(told).toBeUndefined();
        return;
      }
      const { event } = eventSamples[stored.type] as EventSample;
      const { version, data } = encodeEvent(event);
      expect([told?.type, told?.version, told?.data]).toEqual([stored.type, version, data]);
    },
  );

  it('says where it stands, who asked for it, and of what it is', async () => {
    const { stream, event } = eventSamples.ObjectStaged as EventSample;
    const { type, version, data } = encodeEvent(event);
    const stored = { stream, type, version, data: data as Stored['data'] };
    const uid = expect.stringMatching(/^[0-9a-v]{20}$/) as unknown;
    expect(await tell(stored, 'lake')).toEqual({
      ...recorded(stored),
      closes: undefined,
      uid,
      repository: 'lake',
      branch: 'work',
    });
    expect(await tell(stored)).not.toHaveProperty('repository');
  });

  it('is told as it was written when a newer program wrote it', async () => {
    const data = { of: 'the future' };
    const stored = { stream: 'tag-c0ffee0c0ffee0c0ffe0-v1', type: 'TagCreated', version: 9, data };
    expect(await tell(stored)).toMatchObject({ type: 'TagCreated', version: 9, data });
  });

  it('is told to nobody when its type is unknown, or somebody else wrote it', async () => {
    for (const type of ['OfTheFuture', '__proto__', 'constructor', '']) {
      expect(await tell({ stream: 'tag-x', type, version: 1, data: {} })).toBeUndefined();
    }
    const carried = {
      type: 'Committed' satisfies EventType,
      contentType: 'application/json',
      data: utf8('{}'),
      metadata: utf8(''),
    };
    const kept = keepOutside(carried);
    const data = kept.data as Stored['data'];
    expect(await tell({ ...kept, stream: 'orders-1', data })).toBeUndefined();
  });
});
