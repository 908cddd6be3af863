import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventStoreStreams } from '../../src/event-log/eventstoredb/event-store-streams.js';
import type { AppendResult, EventLog, NewEvent } from '../../src/ports/event-log.js';
import {
  EventRefused,
  StoreUnavailable,
  UnknownOutcome,
  WrongExpectedRevision,
} from '../../src/ports/store-errors.js';
import { utf8 } from '../../src/shared/bytes.js';
import type { OpenedLog } from '../contract/event-log/opened-log.js';
import { FakeEventStore } from '../support/fake-event-store.js';
import { closing, context, newEvent, newStream, notes } from '../support/new-events.js';
import { openNode } from './opened.js';

const TIMES = { outcomeMsMax: 3_000, appendMsMax: 150 };

let store: FakeEventStore;
let node: OpenedLog;
let log: EventLog;
beforeEach(async () => {
  store = await FakeEventStore.start();
  node = await openNode({ connectionString: store.connectionString, project: notes, ...TIMES });
  ({ log } = node);
});
afterEach(async () => {
  await node.close();
  store.stop();
});

const append = async (stream: string, event: NewEvent, expected: 'any' | 'none' | 'open' = 'any') =>
  (await log.append([{ stream, expected, events: [event] }], context))[0] as AppendResult;
const putting = (value: string) => newEvent({ data: { writes: [['put', 'k', value]] } });
const shown = async (stream: string) => {
  const partition = `notes/${stream}`;
  const [rows] = await node.kv.read([{ kind: 'get', partition, key: utf8('k') }]);
  return rows?.map(({ value }) => Buffer.from(value).toString())[0];
};

describe('an append that the server does not answer', () => {
  for (const [mood, what] of [
    ['silence', 'was not made'],
    ['landInSilence', 'was made'],
    ['break', 'was not made, and the call broke'],
    ['landAndBreak', 'was made, and the call broke'],
  ] as const) {
    it(`is sent again, and is one event, when it ${what}`, async () => {
      const stream = newStream();
      await append(stream, newEvent(), 'none');
      store.next(mood);
      const event = putting(mood);
      expect(await append(stream, event, 'open')).toMatchObject({ revision: 1 });
      expect(store.events(stream).slice(1)).toEqual([event.id]);
      expect(await shown(stream)).toBe(mood);
      expect(await append(stream, newEvent(), 'open')).toMatchObject({ revision: 2 });
    });

    it(`of a stream's first event likewise, when it ${what}`, async () => {
      const stream = newStream();
      store.next(mood);
      const event = newEvent();
      expect(await append(stream, event, 'none')).toMatchObject({ revision: 0 });
      expect(store.events(stream)).toEqual([event.id]);
    });
  }

  it('is unknown, and never refused, when the server stays silent', async () => {
    const stream = newStream();
    const event = newEvent();
    await append(stream, newEvent(), 'none');
    store.next(...Array.from({ length: 400 }, () => 'silence' as const));
    await expect(append(stream, event, 'open')).rejects.toThrow(UnknownOutcome);
  }, 60_000);

  it('keeps no other stream waiting, and spoils nobody else’s append', async () => {
    const [slow, ...others] = Array.from({ length: 5 }, () => newStream());
    await append(slow ?? '', newEvent(), 'none');
    store.next('silence');
    const first = append(slow ?? '', newEvent(), 'open');
    await sleep(5);
    const rest = await Promise.all(others.map((stream) => append(stream, newEvent(), 'none')));
    expect(rest.map(({ revision }) => revision)).toEqual([0, 0, 0, 0]);
    expect(await first).toMatchObject({ revision: 1 });
    for (const stream of others) expect(store.events(stream)).toHaveLength(1);
  });

  it('meets a client of its own: none of the process fails with another', async () => {
    const other = await FakeEventStore.start();
    const elsewhere = await openNode({
      connectionString: other.connectionString,
      project: notes,
      ...TIMES,
    });
    const stream = newStream();
    await append(stream, newEvent(), 'none');
    store.next('silence', 'break');
    const [here] = await Promise.all([
      append(stream, newEvent(), 'open'),
      elsewhere.log.append([{ stream, expected: 'none', events: [newEvent()] }], context),
    ]);
    expect(here.revision).toBe(1);
    await elsewhere.close();
    other.stop();
  });
});

describe('what the server says', () => {
  it('of a wrong revision is a refusal: no option of the append is misspelt', async () => {
    const streams = new EventStoreStreams({ connectionString: store.connectionString });
    const stream = newStream();
    const events = () => {
      const { id, type, version, data } = newEvent();
      const json = JSON.stringify(data);
      return [{ ...context, id, type, version, json, closes: false, key: undefined }];
    };
    await streams.appendAt(stream, -1, events());
    for (const wrong of [-1, 1, 7]) {
      const refused = streams.appendAt(stream, wrong, events());
      await expect(refused).rejects.toThrow(WrongExpectedRevision);
    }
    expect(store.events(stream)).toHaveLength(1);
    await streams.close();
  });

  it('of its leader is followed', async () => {
    const leader = await FakeEventStore.start();
    store.leader = { host: '127.0.0.1', port: leader.port };
    const streams = new EventStoreStreams({ connectionString: store.connectionString });
    const stream = newStream();
    const { id, type, version } = newEvent();
    const event = { ...context, id, type, version, json: '{}', closes: false, key: undefined };
    store.next('notLeader');
    await streams.appendAt(stream, -1, [event]);
    expect([store.events(stream), leader.events(stream)]).toEqual([[], [event.id]]);
    await streams.close();
    leader.stop();
  });

  it('of what is too large for it is a refusal, and nothing was written', async () => {
    const stream = newStream();
    store.next('tooLarge');
    await expect(append(stream, newEvent())).rejects.toThrow(EventRefused);
    expect(store.events(stream)).toEqual([]);
  });

  it('of who may not write is no refusal of the event', async () => {
    const stream = newStream();
    store.next('denied');
    await expect(append(stream, newEvent())).rejects.toThrow(StoreUnavailable);
  });
});

describe('a stream that somebody', () => {
  it('has deleted has no event, and goes on behind what it had', async () => {
    const stream = newStream();
    await append(stream, newEvent(), 'none');
    await append(stream, closing());
    store.softDelete(stream);
    expect(await log.end(stream)).toEqual({ revision: -1, isClosed: false });
    expect(await log.read(stream, { from: 0, direction: 'forward', limit: 9 })).toEqual([]);
    const other = await openNode({
      connectionString: store.connectionString,
      project: notes,
      ...TIMES,
    });
    const event = putting('new');
    const appends = [{ stream, expected: 'none' as const, events: [event] }];
    expect(await other.log.append(appends, context)).toMatchObject([{ revision: 2 }]);
    expect(await log.end(stream)).toEqual({ revision: 2, isClosed: false });
    expect(await shown(stream)).toBe('new');
    await other.close();
  });

  it('has deleted for ever takes nothing, and says so', async () => {
    const stream = newStream();
    await append(stream, newEvent(), 'none');
    store.tombstone(stream);
    await expect(append(stream, newEvent())).rejects.toThrow(EventRefused);
    expect(await log.end(stream)).toEqual({ revision: -1, isClosed: false });
  });

  it('has truncated is read from where it begins, and takes more', async () => {
    const stream = newStream();
    for (let n = 0; n < 5; n++) await append(stream, putting(String(n)));
    store.truncate(stream, 3);
    const other = await openNode({
      connectionString: store.connectionString,
      project: notes,
      ...TIMES,
    });
    const read = await other.log.read(stream, { from: 0, direction: 'forward', limit: 9 });
    expect(read.map(({ revision }) => revision)).toEqual([3, 4]);
    const appends = [{ stream, expected: 'open' as const, events: [putting('5')] }];
    expect(await other.log.append(appends, context)).toMatchObject([{ revision: 5 }]);
    expect(await append(stream, newEvent(), 'open')).toMatchObject({ revision: 6 });
    await other.close();
  });
});

describe('following the log', () => {
  it('goes on where a subscription ended without a word', async () => {
    const stream = newStream();
    await append(stream, putting('before'));
    store.endSubscriptions();
    await append(stream, putting('after'));
    expect(await shown(stream)).toBe('after');
  });

  it('passes over what the store keeps for itself', async () => {
    const stream = newStream();
    store.writeStatistics(1_200);
    await append(stream, putting('k'));
    store.writeStatistics(3);
    expect(await shown(stream)).toBe('k');
    const all = await log.readAll({ after: 0, limit: 100 });
    expect(all.map((event) => event.stream)).toEqual([stream]);
    const read: string[] = [];
    const done = new AbortController();
    for await (const event of log.subscribe({ after: 0, signal: done.signal })) {
      read.push(event.stream);
      done.abort();
    }
    expect(read).toEqual([stream]);
  });

  it('shows somebody else’s events as such, and takes none of them for ours', async () => {
    const client = EventStoreDBClient.connectionString(store.connectionString);
    Object.assign(client, { supports: async () => false });
    const stream = newStream();
    const data = { writes: [['put', 'k', 'theirs']] };
    await client.appendToStream(stream, [jsonEvent({ type: 'Noted', data })]);
    await append(stream, putting('ours'), 'open');
    expect(await shown(stream)).toBe('ours');
    const read = await log.read(stream, { from: 0, direction: 'forward', limit: 9 });
    expect(read.map(({ type }) => type)).toEqual(['outside/Noted', 'Noted']);
    await client.dispose();
  });

  it('survives a server that stops and comes back, and loses and doubles nothing', async () => {
    const stream = newStream();
    await append(stream, newEvent(), 'none');
    const events = Array.from({ length: 40 }, (_, n) => putting(String(n)));
    const writing = (async () => {
      for (const event of events) await append(stream, event, 'open');
    })();
    for (let round = 0; round < 3; round++) {
      await sleep(30);
      store.stop();
      await sleep(50);
      await store.listen();
    }
    await writing;
    expect(store.events(stream).slice(1)).toEqual(events.map(({ id }) => id));
    expect(await shown(stream)).toBe('39');
  }, 60_000);

  it('that is over says so: reads and appends to a server that is gone', async () => {
    const stream = newStream();
    await append(stream, newEvent(), 'none');
    store.stop();
    await expect(log.end(stream)).rejects.toThrow(StoreUnavailable);
    await expect(append(stream, newEvent(), 'open')).rejects.toThrow(StoreUnavailable);
    await expect(shown(stream)).rejects.toThrow(StoreUnavailable);
  }, 60_000);
});
