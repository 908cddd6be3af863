import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { plain, proposed, RawStreamsClient, streamNamed } from '../support/raw-streams-client.js';
import { type StreamsFixture, streamsServer } from '../support/streams-server.js';

let server: StreamsFixture;
let client: RawStreamsClient;
beforeAll(async () => {
  server = await streamsServer();
  client = new RawStreamsClient(server.port);
  for (const [stream, count] of [
    ['five', 5],
    ['other', 3],
  ] as const) {
    const events = Array.from({ length: count }, (_, n) =>
      proposed({ metadata: { type: `T${n % 2}`, 'content-type': 'application/json' } }),
    );
    await client.append({ stream: streamNamed(stream), noStream: {} }, ...events);
  }
});
afterAll(async () => {
  client.close();
  await server.close();
  expect(server.faults).toEqual([]);
});

const ALL = Number.MAX_SAFE_INTEGER;
const of = (stream: string, from: object) => ({ stream: { stream: streamNamed(stream), ...from } });
/** In short: a number for an event's revision, else the message's name and what it says. */
const revisions = (messages: unknown[]) =>
  messages.map((message) => {
    const { event, ...other } = plain(message) as { event?: { event: { revision: number } } };
    return event ? event.event.revision : other;
  });
/** The same, of events of the whole log: their positions. */
const positions = (messages: unknown[]) =>
  messages.map((message) => (plain(message) as { event: { commit: number } }).event.commit);

describe('a stream', () => {
  it.each([
    ['from the start', { from: { start: {} }, direction: 0, count: ALL }, [0, 1, 2, 3, 4]],
    [
      'from a revision on, which is in it',
      { from: { revision: 3 }, direction: 0, count: ALL },
      [3, 4],
    ],
    ['as many as are wanted', { from: { revision: 1 }, direction: 0, count: 2 }, [1, 2]],
    ['from behind the last', { from: { revision: 9 }, direction: 0, count: ALL }, []],
    ['from the end', { from: { end: {} }, direction: 0, count: ALL }, []],
    ['backwards from the end', { from: { end: {} }, direction: 1, count: ALL }, [4, 3, 2, 1, 0]],
    ['backwards from a revision', { from: { revision: 2 }, direction: 1, count: ALL }, [2, 1, 0]],
    ['backwards from behind the last', { from: { revision: 99 }, direction: 1, count: 2 }, [4, 3]],
    ['backwards from the start', { from: { start: {} }, direction: 1, count: ALL }, [0]],
  ])('is read %s', async (_, { from, ...how }, wanted) => {
    expect(revisions(await client.read({ ...of('five', from), ...how }))).toEqual(wanted);
  });

  it('says where it ends to clients that know of it', async () => {
    const control = { compatibility: 1 };
    const read = async (from: object) =>
      revisions(await client.read({ ...of('five', from), count: ALL, control }));
    expect(await read({ revision: 3 })).toEqual([3, 4, { lastRevision: 4 }]);
    expect(await read({ revision: 9 })).toEqual([{ firstRevision: 5 }, { lastRevision: 4 }]);
  });

  it('that is none is told so, as a message', async () => {
    for (const direction of [0, 1]) {
      const messages = await client.read({ ...of('nö such', { start: {} }), count: 1, direction });
      expect(plain(messages)).toEqual([{ streamNotFound: { stream: { name: 'nö such' } } }]);
    }
  });

  it('gives of each event everything that it has', async () => {
    const id = '01234567-89ab-4def-8123-456789abcdef';
    const event = proposed({
      id: { string: id.toUpperCase() },
      metadata: { type: 'Élan', 'content-type': 'application/octet-stream' },
      customMetadata: Buffer.from([0, 255]),
      data: Buffer.from([0xfe, 0x00]),
    });
    const beforeMs = Date.now();
    await client.append({ stream: streamNamed('whole'), any: {} }, event);
    const {
      event: { event: recorded },
    } = (await client.read({ ...of('whole', { start: {} }), count: 1 }))[0] as {
      event: { event: { metadata: object; data: Buffer; customMetadata: Buffer } };
    };
    expect([...recorded.data]).toEqual([0xfe, 0x00]);
    expect([...recorded.customMetadata]).toEqual([0, 255]);
    expect(plain(recorded)).toMatchObject({
      id: { string: id },
      stream: { name: 'whole' },
      revision: 0,
      prepare: expect.any(Number),
      commit: expect.any(Number),
      metadata: { type: 'Élan', 'content-type': 'application/octet-stream' },
    });
    const { created } = recorded.metadata as { created: string };
    expect(Number(created) / 10_000).toBeGreaterThanOrEqual(beforeMs);
    expect(Number(created) / 10_000).toBeLessThanOrEqual(Date.now());
  });

  it('gives ids in halves to whom it is so wanted by', async () => {
    const id = 'f1234567-89ab-4def-8123-456789abcdef';
    const halves = { most: bits('f123456789ab4def'), least: bits('8123456789abcdef') };
    const target = { stream: streamNamed('halves'), any: {} };
    await client.append(target, proposed({ id: { structured: halves } }));
    const read = { ...of('halves', { start: {} }), count: 1 };
    const [first] = await client.read(read);
    expect(plain(first)).toMatchObject({ event: { event: { id: { string: id } } } });
    const [second] = await client.read({ ...read, uuidForm: { structured: {} } });
    expect(second).toMatchObject({ event: { event: { id: { structured: halves } } } });
  });

  it('is not read by a filter, nor without saying how much or from where', async () => {
    const start = of('five', { start: {} });
    for (const [options, says] of [
      [{ ...start, count: 1, noFilter: undefined, filter: {} }, 'filters are for $all'],
      [{ ...start }, 'a count, or a subscription'],
      [{ ...of('five', {}), count: 1 }, 'where it begins'],
      [{ ...of('', { start: {} }), count: 1 }, 'must be named'],
      [{ ...of('$all', { start: {} }), count: 1 }, 'read by all'],
      [{ ...start, count: 1, uuidForm: undefined }, 'form of UUID'],
      [{ count: 1 }, 'of a stream or of $all'],
      [{ ...start, subscription: {}, direction: 1 }, 'forwards'],
    ] as const) {
      const refused = client.read(options);
      await expect(refused).rejects.toMatchObject({
        code: 3,
        details: expect.stringContaining(says),
      });
    }
  });
});

describe('all streams', () => {
  it.each([
    ['from the start', { all: { start: {} }, direction: 0, count: 3 }, [1, 2, 3]],
    [
      'from a position on, which is in it',
      { all: { position: { commit: 4, prepare: 4 } }, direction: 0, count: 2 },
      [4, 5],
    ],
    ['from the end', { all: { end: {} }, direction: 0, count: 9 }, []],
    [
      'backwards from before a position',
      { all: { position: { commit: 4, prepare: 4 } }, direction: 1, count: 9 },
      [3, 2, 1],
    ],
    ['backwards from the start', { all: { start: {} }, direction: 1, count: 9 }, []],
  ])('are read %s', async (_, read, wanted) => {
    const messages = await client.read(read);
    expect(positions(messages)).toEqual(wanted);
  });

  it('are read backwards from the end, all of them', async () => {
    const forwards = positions(await client.read({ all: { start: {} }, count: ALL }));
    const backwards = positions(await client.read({ all: { end: {} }, direction: 1, count: ALL }));
    expect(forwards.length).toBeGreaterThan(8);
    expect(backwards).toEqual(forwards.toReversed());
  });

  it.each([
    ['a type that begins so', { eventType: { prefixes: ['T1'] } }, [2, 4, 7]],
    ['a type like this', { eventType: { regex: '^T[^0]$' } }, [2, 4, 7]],
    ['a stream that begins so', { streamName: { prefixes: ['oth', 'x'] } }, [6, 7, 8]],
    ['a stream like this', { streamName: { regex: 'v(e|x)$' } }, [1, 2, 3, 4, 5]],
  ])('are read for %s, both ways', async (_, by, wanted) => {
    const filter = { ...by, max: 2, checkpointIntervalMultiplier: 1 };
    const read = { noFilter: undefined, filter, count: ALL };
    expect(positions(await client.read({ ...read, all: { start: {} } }))).toEqual(wanted);
    const backwards = await client.read({ ...read, all: { end: {} }, direction: 1 });
    expect(positions(backwards)).toEqual(wanted.toReversed());
    const one = await client.read({ ...read, count: 1, all: { start: {} } });
    expect(positions(one)).toEqual(wanted.slice(0, 1));
  });

  it.each([
    ['nothing', {}, 'by event type or by stream name'],
    ['no prefix', { eventType: {} }, 'prefixes or a regular expression'],
    ['an empty window', { eventType: { prefixes: ['a'] }, max: 0 }, 'at least 1'],
    ['no window', { eventType: { prefixes: ['a'] }, max: undefined }, 'maximum or unbounded'],
    ['what remembers', { eventType: { regex: '(a)\\1' } }, 'cannot be used'],
  ])('are not read for %s', async (_, by, says) => {
    const filter = { max: 2, ...by };
    const refused = client.read({ noFilter: undefined, filter, count: 1, all: { start: {} } });
    await expect(refused).rejects.toMatchObject({
      code: 3,
      details: expect.stringContaining(says),
    });
  });
});

describe('a link', () => {
  it('comes with the event that it stands for, if that is wanted and can be seen', async () => {
    const link = (to: string) =>
      proposed({
        metadata: { type: '$>', 'content-type': 'application/octet-stream' },
        data: Buffer.from(to),
      });
    const target = { stream: streamNamed('links'), any: {} };
    await client.append(target, link('3@five'), link('77@five'), link('0@nowhere'));
    const read = { ...of('links', { start: {} }), count: 9 };
    const resolved = await client.read({ ...read, resolveLinks: true });
    expect(plain(resolved)).toMatchObject([
      { event: { event: { stream: { name: 'five' }, revision: 3 }, link: { revision: 0 } } },
      { event: { link: { stream: { name: 'links' }, revision: 1 } } },
      { event: { link: { revision: 2 } } },
    ]);
    const targets = plain(resolved) as { event: { event?: object } }[];
    expect(targets.map(({ event }) => event.event !== undefined)).toEqual([true, false, false]);
    expect(plain(await client.read(read))).toMatchObject([
      { event: { event: { stream: { name: 'links' }, revision: 0 } } },
      { event: { event: { revision: 1 } } },
      { event: { event: { revision: 2 } } },
    ]);
  });
});

const bits = (hex: string) => ({
  high: Number.parseInt(hex.slice(0, 8), 16) | 0,
  low: Number.parseInt(hex.slice(8), 16) | 0,
  unsigned: false,
});
