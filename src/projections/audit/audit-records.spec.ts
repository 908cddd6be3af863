import { hash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { eventSamples } from '../../../test/support/samples/event.samples.js';
import { encodeEvent, type EventType } from '../../domain/event-types.js';
import { keepOutside } from '../../domain/outside-event.js';
import type { CommandId, EventId, IntentId } from '../../domain/model.js';
import type { RecordedEvent } from '../../ports/event-log.js';
import { utf8 } from '../../shared/bytes.js';
import { AskedIntents } from './asked-intents.js';
import { auditRecords, isTold } from './audit-records.js';
import { encodeLeaf, leafOf } from './audit-segments.js';

const types = Object.keys(eventSamples) as EventType[];
const nowhere = { find: async () => undefined };

function recordedOf(type: EventType): RecordedEvent {
  const { stream, event } = eventSamples[type];
  const { version, data, closes = false } = encodeEvent(event);
  return {
    stream,
    type,
    version,
    closes,
    data: JSON.parse(JSON.stringify(data)) as RecordedEvent['data'],
    id: 'an id' as EventId,
    revision: 3,
    position: 7,
    atMs: 1_700_000_000_000,
    caller: 'ann',
    requestId: 'a request',
    commandId: 'a command' as CommandId,
  };
}

const recordOf = async (event: RecordedEvent) =>
  (await auditRecords([event], new AskedIntents(nowhere)))[0];

/** Every text in what may hold secrets, or is as good as one. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

describe.each(types)('what the audit tells of %s', (type) => {
  it('is when it was done, by whom, in which request and where in the log', async () => {
    const { position, atMs, caller, requestId } = (await recordOf(recordedOf(type))) ?? {};
    expect({ position, atMs, caller, requestId }).toEqual({
      position: 7,
      atMs: 1_700_000_000_000,
      caller: 'ann',
      requestId: 'a request',
    });
  });
});

it.each(['InstallationSetUp', 'RequestAnswered', 'RequestBegun'] as const)(
  'of %s tells nothing of what the event holds',
  async (type) => {
    const event = recordedOf(type);
    const secrets = textsOf(event.data);
    const told = textsOf(await recordOf(event));
    expect(secrets.length).toBeGreaterThan(0);
    expect(told.filter((text) => secrets.includes(text))).toEqual([]);
  },
);

it('of a linked address tells neither the address nor its signature', async () => {
  const told = JSON.stringify(await recordOf(recordedOf('AddressLinked')));
  expect(recordedOf('AddressLinked').stream).toContain('signature');
  expect(told).not.toContain('signature');
});

it('of an outsider’s event tells where it was appended, and nothing of what it holds', async () => {
  const kept = keepOutside({
    type: 'Paid',
    contentType: 'application/json',
    data: utf8('{"card":"1234"}'),
    metadata: new Uint8Array(),
  });
  const event = { ...recordedOf('TagCreated'), ...kept, stream: 'orders-1' } as RecordedEvent;
  const told = await recordOf(event);
  expect(told).toMatchObject({ operation: 'append from outside', source: 'orders-1' });
  expect(JSON.stringify(told)).not.toContain('1234');
});

describe('who did it', () => {
  const intentId = 'i' as IntentId;
  const result = (): RecordedEvent => {
    const event = recordedOf('Committed');
    return { ...event, data: { ...event.data, intentId }, caller: 'eve', requestId: 'of eve' };
  };
  const request = (): RecordedEvent => {
    const event = recordedOf('IntentRequested');
    const intent = { ...(event.data['intent'] as object), id: intentId, committer: 'ann' };
    return { ...event, data: { ...event.data, intent }, commandId: 'i' as CommandId };
  };

  it('is who asked, not who completed it', async () => {
    const [, record] = await auditRecords([request(), result()], new AskedIntents(nowhere));
    expect(record).toMatchObject({ caller: 'ann', requestId: 'a request', commandId: 'i' });
  });

  it('is looked up in the log when it was asked for long before', async () => {
    const found = { find: async () => request() };
    const [record] = await auditRecords([result()], new AskedIntents(found));
    expect(record).toMatchObject({ caller: 'ann', requestId: 'a request' });
  });

  it('is who wished it, where another hand brought the wish into the queue', async () => {
    const brought = { ...request(), caller: 'eve', commandId: 'another' as CommandId };
    const [, record] = await auditRecords([brought, result()], new AskedIntents(nowhere));
    expect(record).toMatchObject({ caller: 'ann', requestId: '' });
  });
});

it('does not take an event of a newer program for one that it can tell of', () => {
  const event = recordedOf('TagCreated');
  expect(isTold(event)).toBe(true);
  expect(isTold({ ...event, version: event.version + 1 })).toBe(false);
  expect(isTold({ ...event, type: 'TagPainted' })).toBe(false);
  expect(isTold({ ...event, type: 'toString' })).toBe(false);
});

describe('a leaf of the index', () => {
  const file = new URL('../../../test/samples/audit-leaves.json', import.meta.url);
  const stored = (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}) as Readonly<
    Record<string, string>
  >;

  // If this fails, an index that was built before finds other things than one built now: raise
  // AUDIT_INDEX_VERSION, and store the samples anew with RENEW=audit.
  it('is what this version of the index has always made of an event', async () => {
    const found: Record<string, string> = {};
    for (const type of types.toSorted()) {
      const record = await recordOf(recordedOf(type));
      const leaf = leafOf(0, record ? [record] : []);
      found[type] = hash('sha256', encodeLeaf(leaf)).slice(0, 16);
    }
    if (process.env['RENEW'] === 'audit') {
      writeFileSync(file, `${JSON.stringify(found, null, 2)}\n`);
      return;
    }
    const known = Object.keys(stored).filter((type) => type in found);
    expect(known.length).toBeGreaterThan(60);
    expect(Object.fromEntries(known.map((type) => [type, found[type]]))).toEqual(
      Object.fromEntries(known.map((type) => [type, stored[type]])),
    );
  });
});
