import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventLog, RecordedEvent } from '../../src/ports/event-log.js';
import { newStream } from '../support/new-events.js';
import { plain, proposed, RawStreamsClient, streamNamed } from '../support/raw-streams-client.js';
import { type StreamsFixture, streamsServer } from '../support/streams-server.js';

let server: StreamsFixture;
let client: RawStreamsClient;
beforeAll(async () => {
  server = await streamsServer();
  client = new RawStreamsClient(server.port);
});
afterAll(async () => {
  client.close();
  await server.close();
  expect(server.faults).toEqual([]);
});

async function append(stream: string, count: number, type = 'Noted'): Promise<number> {
  const metadata = { type, 'content-type': 'application/json' };
  const events = Array.from({ length: count }, () => proposed({ metadata }));
  const answer = await client.append({ stream: streamNamed(stream), any: {} }, ...events);
  const { success } = plain(answer) as { success: { position: { commit: number } } };
  return success.position.commit;
}

/** In short: `stream@revision` of an event, else the message's name and what it says. */
const told = (message: unknown) => {
  const { event, ...other } = plain(message) as Record<string, Record<string, unknown>>;
  if (!event) return other;
  const { stream, revision } = event['event'] as { stream: { name: string }; revision: number };
  return `${stream.name}@${revision}`;
};

/** Follows until as many messages have come as are wanted; `meanwhile` runs at some of them. */
async function follow(
  options: object,
  count: number,
  meanwhile: Readonly<Record<number, () => Promise<unknown>>> = {},
) {
  const call = client.open({ subscription: {}, ...options });
  const messages: ReturnType<typeof told>[] = [];
  for await (const message of call) {
    messages.push(told(message));
    await meanwhile[messages.length]?.();
    if (messages.length === count) break;
  }
  call.cancel();
  return messages;
}

const confirmed = { confirmation: { subscriptionId: expect.any(String) } };
const at = { seconds: expect.any(Number), nanos: expect.any(Number) };
const of = (stream: string, from: object) => ({ stream: { stream: streamNamed(stream), ...from } });

describe('who follows a stream', () => {
  it.each([
    ['from the start', { start: {} }, [0, 1, 2]],
    ['after a revision', { revision: 1 }, [2]],
    ['from the end', { end: {} }, []],
    ['after the last revision', { revision: 2 }, []],
  ])('%s hears what is there, then that this is all, then what comes', async (_, from, there) => {
    const stream = newStream();
    await append(stream, 3);
    await append(newStream(), 1);
    const seen = there.length;
    const messages = await follow(of(stream, from), seen + 4, {
      [seen + 2]: async () => {
        await append(newStream(), 1);
        await append(stream, 2);
      },
    });
    expect(messages).toEqual([
      confirmed,
      ...there.map((revision) => `${stream}@${revision}`),
      { caughtUp: { at, revision: 2 } },
      `${stream}@3`,
      `${stream}@4`,
    ]);
  });

  it('may follow one that is not there yet', async () => {
    const stream = newStream();
    const messages = await follow(of(stream, { start: {} }), 3, { 2: () => append(stream, 1) });
    expect(messages).toEqual([confirmed, { caughtUp: { at } }, `${stream}@0`]);
  });

  it('hears nothing before a revision that has not come yet', async () => {
    const stream = newStream();
    await append(stream, 1);
    const messages = await follow(of(stream, { revision: 2 }), 3, { 2: () => append(stream, 3) });
    expect(messages).toEqual([confirmed, { caughtUp: { at, revision: 2 } }, `${stream}@3`]);
  });
});

describe('who follows all streams', () => {
  it('hears what comes after a position, in order, each once', async () => {
    const position = await append(newStream(), 2);
    const stream = newStream();
    await append(stream, 2);
    const all = { position: { commit: position, prepare: position } };
    const last = { commit: position + 2, prepare: position + 2 };
    const messages = await follow({ all }, 6, { 4: () => append(stream, 2) });
    expect(messages).toEqual([
      confirmed,
      `${stream}@0`,
      `${stream}@1`,
      { caughtUp: { at, position: last } },
      `${stream}@2`,
      `${stream}@3`,
    ]);
  });

  it('from the end hears what comes from then on', async () => {
    await append(newStream(), 2);
    const stream = newStream();
    const messages = await follow({ all: { end: {} } }, 3, { 2: () => append(stream, 1) });
    expect(messages).toMatchObject([confirmed, { caughtUp: { at } }, `${stream}@0`]);
  });

  it('from the start hears all there is, over many pages', async () => {
    const stream = newStream();
    for (let n = 0; n < 3; n++) await append(stream, 700);
    const count = 2100;
    const seen: unknown[] = [];
    const call = client.open({ subscription: {}, all: { start: {} } });
    for await (const message of call) {
      const one = told(message);
      if (typeof one === 'string' && one.startsWith(stream)) seen.push(one);
      if (typeof one === 'object' && 'caughtUp' in one) break;
    }
    call.cancel();
    expect(seen).toEqual(Array.from({ length: count }, (_, n) => `${stream}@${n}`));
  });

  it('by a filter hears how far it is: after so many events, and when that is all', async () => {
    const position = await append(newStream(), 1);
    const [wanted, other] = [newStream('wanted-'), newStream('other-')];
    await append(other, 5);
    await append(wanted, 1);
    await append(other, 3);
    const filter = {
      streamName: { prefixes: ['wanted-'] },
      max: 2,
      checkpointIntervalMultiplier: 2,
    };
    const all = { position: { commit: position, prepare: position } };
    const checkpoint = (after: number) => ({
      checkpoint: { commit: position + after, prepare: position + after, at },
    });
    const messages = await follow({ all, noFilter: undefined, filter }, 8, {
      6: async () => {
        await append(other, 4);
        await append(wanted, 1);
      },
    });
    expect(messages).toEqual([
      confirmed,
      checkpoint(4),
      `${wanted}@0`,
      checkpoint(8),
      checkpoint(9),
      { caughtUp: { at, position: { commit: position + 9, prepare: position + 9 } } },
      checkpoint(12),
      `${wanted}@1`,
    ]);
  });
});

describe('many who follow', () => {
  it('hear the same, whoever is slow', async () => {
    const stream = newStream('crowd-');
    const count = 400;
    const followers = Array.from({ length: 20 }, async (_, index) => {
      const call = client.open({ subscription: {}, ...of(stream, { start: {} }) });
      const seen: unknown[] = [];
      for await (const message of call) {
        const one = told(message);
        if (typeof one === 'string') seen.push(one);
        // Some let others go on before each event.
        if (index % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
        if (seen.length === count) break;
      }
      call.cancel();
      return seen;
    });
    for (let n = 0; n < count / 8; n++) await append(stream, 8);
    const all = await Promise.all(followers);
    for (const seen of all) {
      expect(seen).toEqual(Array.from({ length: count }, (_, n) => `${stream}@${n}`));
    }
  });

  it.each([
    ['a stream', (stream: string) => of(stream, { start: {} })],
    ['all streams', () => ({ all: { start: {} } })],
  ])(
    'cost nothing while they do not read: of %s little is fetched ahead',
    async (_, what) => {
      const { log, fetched } = counting(server.log);
      const watched = await streamsServer({ log });
      const reader = new RawStreamsClient(watched.port);
      const stream = newStream('large-');
      const target = { stream: streamNamed(stream), any: {} };
      const data = Buffer.alloc(256 * 1024, 'x');
      for (let n = 0; n < 60; n++) await client.append(target, proposed({ data }));
      const call = reader.open({ subscription: {}, ...what(stream) });
      const messages = call[Symbol.asyncIterator]();
      await messages.next();
      await settled(() => fetched.bytes);
      // A page, what is on its way, and what the connection takes without anybody who reads.
      expect(fetched.bytes).toBeLessThan(12 * 1024 * 1024);
      let seen = 0;
      while (seen < 60) {
        const one = told((await messages.next()).value);
        if (typeof one === 'string' && one.startsWith(stream))
          expect(one).toBe(`${stream}@${seen++}`);
      }
      expect(fetched.bytes).toBeGreaterThan(15 * 1024 * 1024);
      call.cancel();
      reader.close();
      await watched.close();
    },
    120_000,
  );
});

/** The same log, and how much of it was read. */
function counting(log: EventLog): { log: EventLog; fetched: { bytes: number } } {
  const fetched = { bytes: 0 };
  const count = (events: readonly RecordedEvent[]) => {
    for (const { data } of events) fetched.bytes += JSON.stringify(data).length;
    return events;
  };
  const counted = Object.create(log, {
    groups: { value: log.groups },
    append: { value: (...given: Parameters<EventLog['append']>) => log.append(...given) },
    end: { value: (stream: string) => log.end(stream) },
    read: {
      value: async (...given: Parameters<EventLog['read']>) => count(await log.read(...given)),
    },
    readAll: {
      value: async (options: Parameters<EventLog['readAll']>[0]) =>
        count(await log.readAll(options)),
    },
    subscribe: { value: (options: Parameters<EventLog['subscribe']>[0]) => log.subscribe(options) },
  }) as EventLog;
  return { log: counted, fetched };
}

/** Resolves when a figure has stood still for a while. */
async function settled(figure: () => number): Promise<void> {
  for (let before = -1; before !== figure();) {
    before = figure();
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
