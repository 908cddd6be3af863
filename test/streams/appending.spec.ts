import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { keepOutside } from '../../src/domain/outside-event.js';
import { Protocol } from '../../src/streams/protocol/protocol.js';
import { plain, proposed, RawStreamsClient, streamNamed } from '../support/raw-streams-client.js';
import { newStream } from '../support/new-events.js';
import { type StreamsFixture, streamsServer } from '../support/streams-server.js';

let server: StreamsFixture;
let client: RawStreamsClient;
const protocol = new Protocol();
beforeAll(async () => {
  server = await streamsServer();
  client = new RawStreamsClient(server.port);
});
afterAll(async () => {
  client.close();
  await server.close();
  expect(server.faults).toEqual([]);
});

const MIB = 1024 * 1024;
const endOf = async (stream: string) => (await server.log.end(stream)).revision;
const target = (stream: string, expected: object) => ({ stream: streamNamed(stream), ...expected });

async function streamOf(count: number): Promise<string> {
  const stream = newStream();
  const events = Array.from({ length: count }, () => proposed());
  if (count > 0) await client.append(target(stream, { noStream: {} }), ...events);
  return stream;
}

/** Sends one append as one piece of a batch, and returns what it is answered. */
async function batched(options: object, ...events: object[]) {
  const correlationId = { string: randomUUID() };
  const [answer] = await client.batchAppend({ correlationId, options, events, isFinal: true });
  return answer as Record<string, unknown>;
}

/** What the details of a refusal say, by their name. */
function detailsOf(answer: Record<string, unknown>) {
  const { code, details } = answer['error'] as {
    code: number;
    details: { typeUrl: string; value: Buffer };
  };
  const name = details.typeUrl.replace('type.googleapis.com/', '');
  return [code, name.split('.').at(-1), plain(protocol.unpack(name, details.value))];
}

const EXPECTATIONS = [
  ['any stream', { any: {} }, 'in', 'in', 'in'],
  ['no stream', { noStream: {} }, 'in', 'not', 'not'],
  ['a stream', { streamExists: {} }, 'not', 'in', 'in'],
  ['revision 0', { revision: 0 }, 'not', 'in', 'not'],
  ['revision 1', { revision: 1 }, 'not', 'not', 'in'],
  ['revision 7', { revision: 7 }, 'not', 'not', 'not'],
] as const;
const STATES = EXPECTATIONS.flatMap(([what, expected, ...verdicts]) =>
  verdicts.map((verdict, count) => [what, count, verdict, expected] as const),
);

describe('an append', () => {
  it.each(STATES)('that expects %s, to a stream of %i events, is %s', async (...of) => {
    const [, count, verdict, expected] = of;
    const stream = await streamOf(count);
    const answer = plain(await client.append(target(stream, expected), proposed()));
    const at = expect.any(Number);
    if (verdict === 'in') {
      const success = { currentRevision: count, position: { commit: at, prepare: at } };
      expect(answer).toEqual({ success });
      return;
    }
    const [field = '', value] = Object.entries(expected)[0] ?? [];
    const asked = `expected${field[0]?.toUpperCase()}${field.slice(1)}`;
    expect(answer).toMatchObject({
      wrongExpectedVersion: {
        [asked]: value,
        ...(count === 0
          ? { currentNoStream: {}, noStreamOld: {} }
          : { currentRevision: count - 1, currentRevisionOld: count - 1 }),
      },
    });
    expect(await endOf(stream)).toBe(count - 1);
  });

  it.each(STATES)('in a batch: expects %s, of %i events, is %s', async (...of) => {
    const [, count, verdict, expected] = of;
    const stream = await streamOf(count);
    const answer = await batched(target(stream, expected), proposed());
    expect(plain(answer)).toMatchObject({ stream: { name: stream }, ...expected });
    if (verdict === 'in') {
      const at = expect.any(Number);
      const success = { currentRevision: count, position: { commit: at, prepare: at } };
      expect(plain(answer['success'])).toEqual(success);
      return;
    }
    const [code, name, details] = detailsOf(answer);
    expect([code, name]).toEqual([6, 'WrongExpectedVersion']);
    const [field = '', value] = Object.entries(expected)[0] ?? [];
    const asked = `expected${field[0]?.toUpperCase()}${field.slice(1)}`;
    const current = count === 0 ? { currentNoStream: {} } : { currentRevision: count - 1 };
    expect(details).toEqual({ [asked]: value, ...current });
  });

  it('of nothing only asks', async () => {
    const stream = await streamOf(2);
    const ask = async (expected: object) => plain(await client.append(target(stream, expected)));
    expect(await ask({ revision: 1 })).toEqual({ success: { currentRevision: 1, noPosition: {} } });
    expect(await ask({ noStream: {} })).toMatchObject({ wrongExpectedVersion: {} });
    const none = await client.append(target(newStream(), { noStream: {} }));
    expect(plain(none)).toEqual({ success: { noStream: {}, noPosition: {} } });
  });

  it.each([{ any: {} }, { noStream: {} }, { streamExists: {} }, { revision: 4 }])(
    'that is sent again gets the first answer: %j',
    async (expected) => {
      const stream = newStream();
      const events = [proposed(), proposed()];
      const first = await client.append(target(stream, { noStream: {} }), ...events);
      await client.append(target(stream, { any: {} }), proposed());
      const again = await client.append(target(stream, expected), ...events);
      expect(plain(again)).toEqual(plain(first));
      expect(await endOf(stream)).toBe(2);
    },
  );

  it('of which some is there already is another one, and refused', async () => {
    const stream = newStream();
    const known = proposed();
    await client.append(target(stream, { noStream: {} }), known);
    const refused = await client.append(target(stream, { any: {} }), known, proposed());
    expect(plain(refused)).toMatchObject({ wrongExpectedVersion: { currentRevision: 0 } });
    expect(await endOf(stream)).toBe(0);
  });

  const none = { type: 'a', 'content-type': 'application/json' };
  it.each([
    ['no type', { metadata: { ...none, type: '' } }, 'missing-required-metadata-property'],
    ['no content type', { metadata: { type: 'a' } }, 'missing-required-metadata-property'],
    ['no id', { id: null }, undefined],
    ['an id that is none', { id: { string: 'mine' } }, undefined],
    ['NUL in its type', { metadata: { ...none, type: 'a\0' } }, undefined],
    ["a tombstone's type", { metadata: { ...none, type: '$streamDeleted' } }, undefined],
    ['too much in it', { data: Buffer.alloc(4 * MIB + 1) }, 'maximum-append-size-exceeded'],
  ])('of an event with %s is refused, alone and in a batch', async (_, fields, exception) => {
    const stream = newStream();
    const refused = client.append(target(stream, { any: {} }), proposed(), proposed(fields));
    const error = await refused.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 3 });
    const { metadata } = error as { metadata: { get(name: string): string[] } };
    expect(metadata.get('exception')[0]).toBe(exception);
    const answer = await batched(target(stream, { any: {} }), proposed(), proposed(fields));
    const isTooLarge = exception === 'maximum-append-size-exceeded';
    const name = isTooLarge ? 'MaximumAppendSizeExceeded' : 'BadRequest';
    expect(detailsOf(answer).slice(0, 2)).toEqual([3, name]);
    expect(await endOf(stream)).toBe(-1);
  });

  it('may be of many megabytes of bytes, and is given back as it was', async () => {
    const stream = newStream();
    const data = Buffer.alloc(3 * MIB, '\x01"\\\xff', 'latin1');
    await client.append(target(stream, { any: {} }), ...[1, 2, 3, 4].map(() => proposed({ data })));
    const read = { stream: { stream: streamNamed(stream), start: {} }, count: 9 };
    const events = (await client.read(read)) as { event: { event: { data: Buffer } } }[];
    expect(events).toHaveLength(4);
    for (const { event } of events) expect(data.equals(event.event.data)).toBe(true);
    const tooMuch = Array.from({ length: 6 }, () => proposed({ data }));
    const refused = client.append(target(stream, { any: {} }), ...tooMuch);
    await expect(refused).rejects.toMatchObject({ code: 3 });
  }, 120_000);

  it.each([
    ['a stream without a name', { stream: { name: Buffer.alloc(0) }, any: {} }, 'named'],
    ['a name that is no UTF-8', { stream: { name: Buffer.from([0xff]) }, any: {} }, 'UTF-8'],
    ['a name with NUL in it', { stream: streamNamed('a\0'), any: {} }, 'NUL'],
    ['a name that is too long', { stream: streamNamed('a'.repeat(2049)), any: {} }, '2048'],
    ['all streams', { stream: streamNamed('$all'), any: {} }, 'no stream of its own'],
    ['a stream of which nothing is said', { stream: streamNamed('a') }, 'what its stream has'],
  ])('to %s is refused', async (_, options, says) => {
    const refused = client.append(options, proposed());
    await expect(refused).rejects.toMatchObject({
      code: 3,
      details: expect.stringContaining(says),
    });
  });

  it('is never taken for one of ours, whatever it calls itself', async () => {
    const stream = newStream();
    const metadata = { type: 'RepositoryCreated', 'content-type': 'application/json' };
    await client.append(target(stream, { any: {} }), proposed({ metadata }));
    const [recorded] = await server.log.read(stream, { from: 0, direction: 'forward', limit: 1 });
    const empty = new Uint8Array();
    const event = { type: 'x', contentType: 'application/json', data: empty, metadata: empty };
    const [prefix] = keepOutside(event).type.split('x');
    expect(recorded?.type).toBe(`${prefix}RepositoryCreated`);
  });
});

describe('a batch', () => {
  it('takes an append in pieces, and others between them', async () => {
    const [one, two] = [newStream(), newStream()];
    const [a, b] = [{ string: randomUUID() }, { string: randomUUID() }];
    const answers = await client.batchAppend(
      { correlationId: a, options: target(one, { noStream: {} }), events: [proposed()] },
      { correlationId: b, options: target(two, { any: {} }), events: [proposed()], isFinal: true },
      { correlationId: a, events: [proposed(), proposed()] },
      { correlationId: a, events: [], isFinal: true },
    );
    const answered = Object.fromEntries(
      answers.map((answer) => {
        const { correlationId, success } = plain(answer) as {
          correlationId: { string: string };
          success: { currentRevision: number };
        };
        return [correlationId.string, success.currentRevision];
      }),
    );
    expect(answered).toEqual({ [a.string]: 2, [b.string]: 0 });
    expect(await endOf(one)).toBe(2);
  });

  it('keeps the order in which a client asks without waiting', async () => {
    const stream = newStream();
    const requests = Array.from({ length: 50 }, (_, n) => ({
      correlationId: { string: randomUUID() },
      options: target(stream, n === 0 ? { noStream: {} } : { revision: n - 1 }),
      events: [proposed()],
      isFinal: true,
    }));
    const answers = await client.batchAppend(...requests);
    expect(answers.filter(({ success }) => success)).toHaveLength(50);
    expect(await endOf(stream)).toBe(49);
  });

  it.each([
    ['in seconds from now', { deadlineIn: { seconds: 0, nanos: 0 } }],
    ['at a time', { deadlineAt: { seconds: 1_000_000_000, nanos: 0 } }],
  ])('does not begin an append whose deadline is over, given %s', async (_, deadline) => {
    const stream = newStream();
    const answer = await batched({ ...target(stream, { any: {} }), ...deadline }, proposed());
    expect(detailsOf(answer).slice(0, 2)).toEqual([4, 'Timeout']);
    expect(await endOf(stream)).toBe(-1);
  });

  it('forgets an append whose last piece does not come in time', async () => {
    const call = client.openBatch();
    const answers = call[Symbol.asyncIterator]();
    const correlationId = { string: randomUUID() };
    const stream = newStream();
    const deadlineIn = { seconds: 0, nanos: 50_000_000 };
    const options = { ...target(stream, { any: {} }), deadlineIn };
    call.write({ correlationId, options, events: [proposed()] });
    const { value } = await answers.next();
    expect(detailsOf(value as Record<string, unknown>).slice(0, 2)).toEqual([4, 'Timeout']);
    call.write({ correlationId, events: [proposed()], isFinal: true });
    call.end();
    expect((await answers.next()).done).toBe(true);
    expect(await endOf(stream)).toBe(-1);
  });

  it('takes an append to its end though another one is refused between its pieces', async () => {
    const stream = newStream();
    const [a, b] = [{ string: randomUUID() }, { string: randomUUID() }];
    const answers = await client.batchAppend(
      { correlationId: a, options: target(stream, { noStream: {} }), events: [proposed()] },
      { correlationId: b, options: { any: {} }, isFinal: true },
      { correlationId: a, events: [proposed()], isFinal: true },
    );
    const [refused, taken] = answers;
    expect(plain(refused)).toMatchObject({ correlationId: b });
    expect(detailsOf(refused ?? {}).slice(0, 2)).toEqual([3, 'BadRequest']);
    expect(plain(taken)).toMatchObject({ correlationId: a, success: { currentRevision: 1 } });
  });

  it('answers a client that cannot be understood, and goes on', async () => {
    const stream = newStream();
    const [bad, good] = await client.batchAppend(
      { correlationId: { string: randomUUID() }, options: { any: {} }, isFinal: true },
      {
        correlationId: { string: randomUUID() },
        options: target(stream, { any: {} }),
        events: [proposed()],
        isFinal: true,
      },
    );
    expect(detailsOf(bad ?? {}).slice(0, 2)).toEqual([3, 'BadRequest']);
    expect(plain(good)).toMatchObject({ success: { currentRevision: 0 } });
  });
});
