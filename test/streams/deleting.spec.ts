import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CommandId } from '../../src/domain/model.js';
import { newStream } from '../support/new-events.js';
import {
  plain,
  proposed,
  RawStreamsClient,
  refusal,
  streamNamed,
} from '../support/raw-streams-client.js';
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

const DELETED = 9_223_372_036_854_775_807n;
const target = (stream: string, expected: object) => ({ stream: streamNamed(stream), ...expected });
const append = (stream: string, expected: object, count = 1) =>
  client.append(target(stream, expected), ...Array.from({ length: count }, () => proposed()));

async function streamOf(count: number): Promise<string> {
  const stream = newStream();
  await append(stream, { noStream: {} }, count);
  return stream;
}

const change = (method: 'Delete' | 'Tombstone', stream: string, expected: object = { any: {} }) =>
  client.call(method, { options: target(stream, expected) });

/** Sets a stream's metadata, as clients do. */
const setMetadata = (stream: string, fields: object) => {
  const metadata = { type: '$metadata', 'content-type': 'application/json' };
  const event = proposed({ metadata, data: Buffer.from(JSON.stringify(fields)) });
  return client.append(target(`$$${stream}`, { any: {} }), event);
};

async function metadataOf(stream: string): Promise<string | undefined> {
  const [message] = await client.read({
    stream: { stream: streamNamed(`$$${stream}`), end: {} },
    direction: 1,
    count: 1,
  });
  return (plain(message) as { event?: { event: { data: string } } }).event?.event.data;
}

/** What can be seen of a stream: revisions, or the name of what there is instead. */
async function seen(stream: string, options: object = { start: {} }, direction = 0, count = 999) {
  const read = { stream: { stream: streamNamed(stream), ...options }, direction, count };
  const messages = (await client.read(read)).map(plain) as {
    event?: { event: { revision: number } };
  }[];
  return messages.map(({ event, ...other }) => event?.event.revision ?? Object.keys(other)[0]);
}

const NOT_FOUND = ['streamNotFound'];
const gone = (stream: string) => ({
  code: 9,
  exception: 'stream-deleted',
  'stream-name': stream,
});

describe('a stream that is deleted', () => {
  it('is not found, and begins again behind its numbers', async () => {
    const stream = await streamOf(3);
    const { position } = plain(await change('Delete', stream)) as { position: object };
    expect(position).toEqual({ commit: expect.any(Number), prepare: expect.any(Number) });
    expect(await seen(stream)).toEqual(NOT_FOUND);
    expect(await seen(stream, { end: {} }, 1)).toEqual(NOT_FOUND);
    expect(plain(await append(stream, { noStream: {} }, 2))).toMatchObject({
      success: { currentRevision: 4 },
    });
    expect(await seen(stream)).toEqual([3, 4]);
    expect(await seen(stream, { end: {} }, 1)).toEqual([4, 3]);
    expect(JSON.parse((await metadataOf(stream)) ?? '')).toEqual({ $tb: 3 });
  });

  it.each([
    ['any stream', { any: {} }, 'in'],
    ['no stream', { noStream: {} }, 'in'],
    ['its last revision', { revision: 1 }, 'in'],
    ['another revision', { revision: 0 }, 'not'],
    ['that there is a stream', { streamExists: {} }, 'not'],
  ])('takes an append that expects %s, or does not', async (_, expected, verdict) => {
    const stream = await streamOf(2);
    await change('Delete', stream);
    const answer = plain(await append(stream, expected));
    if (verdict === 'in') expect(answer).toMatchObject({ success: { currentRevision: 2 } });
    else expect(answer).toMatchObject({ wrongExpectedVersion: { currentNoStream: {} } });
    expect(await seen(stream)).toEqual(verdict === 'in' ? [2] : NOT_FOUND);
  });

  it('says so in its metadata as EventStoreDB does, and keeps the rest of it', async () => {
    const stream = await streamOf(1);
    await setMetadata(stream, { $maxCount: 5, mine: 'kept' });
    await change('Delete', stream);
    const text = (await metadataOf(stream)) ?? '';
    expect(text).toBe(`{"$tb":${DELETED},"$maxCount":5,"mine":"kept"}`);
    await append(stream, { any: {} });
    const after = JSON.parse((await metadataOf(stream)) ?? '') as object;
    expect(after).toEqual({ $tb: 1, $maxCount: 5, mine: 'kept' });
  });

  it('takes the same append twice, and gives the first answer', async () => {
    const stream = await streamOf(1);
    await change('Delete', stream);
    const event = proposed();
    const first = await client.append(target(stream, { noStream: {} }), event);
    const again = await client.append(target(stream, { noStream: {} }), event);
    expect(plain(again)).toEqual(plain(first));
    expect(await seen(stream)).toEqual([1]);
  });

  it('hides nothing that was appended after it was looked at', async () => {
    const stream = await streamOf(1);
    const changes = Array.from({ length: 10 }, (_, n) =>
      n % 3 === 0 ? change('Delete', stream) : append(stream, { any: {} }),
    );
    await Promise.all(changes);
    await append(stream, { any: {} });
    const { revision } = await server.log.end(stream);
    expect(revision).toBe(7);
    const revisions = await seen(stream);
    expect(revisions.at(-1)).toBe(7);
    expect(revisions).toEqual(revisions.map((_, n) => 8 - revisions.length + n));
  });

  it('may be deleted by a client that writes the metadata itself', async () => {
    const stream = await streamOf(2);
    const metadata = { type: '$metadata', 'content-type': 'application/json' };
    const event = proposed({ metadata, data: Buffer.from(`{"$tb":${DELETED}}`) });
    await client.append(target(`$$${stream}`, { any: {} }), event);
    expect(await seen(stream)).toEqual(NOT_FOUND);
    await append(stream, { noStream: {} });
    expect(await seen(stream)).toEqual([2]);
  });

  it('is still there in the whole log', async () => {
    const stream = await streamOf(2);
    await change('Delete', stream);
    const filter = { streamName: { prefixes: [stream] }, max: 32 };
    const read = { all: { start: {} }, noFilter: undefined, filter, count: 9 };
    expect(await client.read(read)).toHaveLength(2);
  });
});

describe('a stream that is deleted for ever', () => {
  it('is told so to whoever reads, follows or appends', async () => {
    const stream = await streamOf(2);
    await change('Tombstone', stream);
    await expect(seen(stream)).rejects.toMatchObject({ code: 9 });
    await expect(seen(stream, { end: {} }, 1)).rejects.toMatchObject({ code: 9 });
    const follow = { stream: { stream: streamNamed(stream), start: {} }, subscription: {} };
    await expect(client.read(follow)).rejects.toMatchObject({ code: 9 });
    for (const expected of [{ any: {} }, { noStream: {} }, { revision: 2 }, { streamExists: {} }]) {
      await expect(append(stream, expected)).rejects.toMatchObject({ code: 9 });
    }
    await expect(setMetadata(stream, {})).rejects.toMatchObject({ code: 9 });
    expect(await refusal(change('Delete', stream))).toEqual(gone(stream));
    expect(await refusal(change('Tombstone', stream))).toEqual(gone(stream));
    expect(await refusal(seen(stream))).toEqual(gone(stream));
    expect((await server.log.end(stream)).revision).toBe(2);
  });

  it('may be one that never was', async () => {
    const stream = newStream();
    await change('Tombstone', stream, { noStream: {} });
    expect(await refusal(append(stream, { any: {} }))).toEqual(gone(stream));
  });

  it('takes nothing that was sent at the same moment and came later', async () => {
    for (let round = 0; round < 10; round++) {
      const stream = await streamOf(1);
      const writers = Array.from({ length: 5 }, (_, n) =>
        append(stream, n % 2 === 0 ? { any: {} } : { streamExists: {} }),
      );
      const ending = change('Tombstone', stream);
      const later = Array.from({ length: 5 }, () => append(stream, { any: {} }));
      const outcomes = await Promise.allSettled([...writers, ...later]);
      await ending;
      const { revision, isClosed } = await server.log.end(stream);
      expect(isClosed).toBe(true);
      // The first one, those that were taken, and the tombstone as the last.
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(revision - 1);
    }
  });

  it('shows its end to those who follow it, as the last thing', async () => {
    const stream = await streamOf(1);
    const call = client.open({
      stream: { stream: streamNamed(stream), start: {} },
      subscription: {},
    });
    const types: unknown[] = [];
    const following = (async () => {
      for await (const message of call) {
        const { event, ...other } = plain(message) as {
          event?: { event: { metadata: { type: string } } };
        };
        types.push(event?.event.metadata.type ?? Object.keys(other)[0]);
        if ('caughtUp' in other) await change('Tombstone', stream);
      }
    })();
    await expect(following).rejects.toMatchObject({ code: 9 });
    expect(types).toEqual(['confirmation', 'Noted', 'caughtUp', '$streamDeleted']);
  });
});

describe('deleting', () => {
  it.each(['Delete', 'Tombstone'] as const)(
    '%s asks whether the stream is as expected',
    async (how) => {
      const stream = await streamOf(2);
      const wrong = async (expected: object, number: number, of = stream, actual = 1) =>
        expect(await refusal(change(how, of, expected))).toEqual({
          code: 9,
          exception: 'wrong-expected-version',
          'stream-name': of,
          'expected-version': String(number),
          'actual-version': String(actual),
        });
      await wrong({ revision: 0 }, 0);
      await wrong({ revision: 7 }, 7);
      await wrong({ noStream: {} }, -1);
      await wrong({ streamExists: {} }, -4, newStream(), -1);
      await change(how, stream, { revision: 1 });
    },
  );

  it('is for streams, and not for their metadata', async () => {
    await expect(change('Delete', '$$a')).rejects.toMatchObject({ code: 3 });
    await expect(change('Tombstone', '$all')).rejects.toMatchObject({ code: 3 });
  });
});

describe("a stream's metadata", () => {
  it.each([
    ['truncate it', { $tb: 2 }, [2, 3, 4]],
    ['truncate all of it', { $tb: 9 }, []],
    ['keep the last ones', { $maxCount: 2 }, [3, 4]],
    ['do both', { $tb: 4, $maxCount: 3 }, [4]],
    ['say nothing that counts', { $tb: -1, $maxCount: 'x', $maxAge: 0 }, [0, 1, 2, 3, 4]],
  ])('may %s', async (_, fields, wanted) => {
    const stream = await streamOf(5);
    await setMetadata(stream, fields);
    expect(await seen(stream)).toEqual(wanted);
    expect(await seen(stream, { end: {} }, 1)).toEqual(wanted.toReversed());
    expect(await seen(stream, { start: {} }, 0, 1)).toEqual(wanted.slice(0, 1));
    await setMetadata(stream, {});
    expect(await seen(stream)).toEqual([0, 1, 2, 3, 4]);
  });

  it('may hide what is old', async () => {
    const stream = newStream();
    const context = { caller: 'x', requestId: 'x', commandId: 'x' as CommandId };
    for (const agoMs of [90_000, 50_000, 1_000]) {
      const id = proposed()['id'] as { string: string };
      const event = { id: id.string as never, type: 'Noted', version: 1, data: {} };
      const atMs = Date.now() - agoMs;
      await server.log.append([{ stream, expected: 'any', events: [event] }], { ...context, atMs });
    }
    await setMetadata(stream, { $maxAge: 60 });
    expect(await seen(stream)).toEqual([1, 2]);
    expect(await seen(stream, { start: {} }, 0, 1)).toEqual([1]);
    expect(await seen(stream, { end: {} }, 1)).toEqual([2, 1]);
  });

  it('says where a truncated stream begins to clients that know of it', async () => {
    const stream = await streamOf(3);
    await setMetadata(stream, { $tb: 9 });
    const read = { stream: { stream: streamNamed(stream), start: {} }, count: 9 };
    const messages = await client.read({ ...read, control: { compatibility: 1 } });
    expect(messages.map(plain)).toEqual([{ firstRevision: 3 }, { lastRevision: 2 }]);
  });

  it('is a stream of which the newest event alone is kept', async () => {
    const stream = await streamOf(1);
    for (const $maxCount of [1, 2, 3]) await setMetadata(stream, { $maxCount, $acl: { $r: 'a' } });
    expect(await seen(`$$${stream}`)).toEqual([2]);
    expect(JSON.parse((await metadataOf(stream)) ?? '')).toEqual({
      $maxCount: 3,
      $acl: { $r: 'a' },
    });
  });

  it('that is no JSON says nothing', async () => {
    const stream = await streamOf(2);
    const metadata = { type: '$metadata', 'content-type': 'application/json' };
    const event = proposed({ metadata, data: Buffer.from('{"$tb":') });
    await client.append(target(`$$${stream}`, { any: {} }), event);
    expect(await seen(stream)).toEqual([0, 1]);
  });
});
