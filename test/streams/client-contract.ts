import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newStream } from '../support/new-events.js';
import { type StreamsFixture, streamsServer } from '../support/streams-server.js';

export interface ReadEvent {
  readonly streamId: string;
  readonly revision: bigint;
}

export type ProposedEvent = {
  readonly type: string;
  readonly data: { n: number };
  readonly metadata: { by: string };
};

/** What clients of JavaScript have, though they call it differently. */
export interface StreamsClient {
  append(stream: string, events: readonly ProposedEvent[], expected: unknown): Promise<object>;
  read(stream: string, options?: object): Promise<readonly object[]>;
  readAll(options: object): Promise<readonly object[]>;
  follow(stream: string): AsyncIterable<ReadEvent | undefined>;
  followAll(prefix: string, onCheckpoint: () => void): AsyncIterable<ReadEvent | undefined>;
  setMetadata(stream: string, metadata: { maxCount: number; mine: string }): Promise<unknown>;
  metadata(stream: string): Promise<object>;
  delete(stream: string): Promise<unknown>;
  tombstone(stream: string): Promise<unknown>;
  /** Asks for a persistent subscription. */
  persist(stream: string): Promise<unknown>;
  dispose(): Promise<void>;
}

/** Everything that a client does, against this server. */
export function clientContract(name: string, open: (url: string) => StreamsClient): void {
  let server: StreamsFixture;
  let client: StreamsClient;
  beforeAll(async () => {
    server = await streamsServer();
    client = open(server.url);
  });
  afterAll(async () => {
    await client.dispose();
    await server.close();
    expect(server.faults).toEqual([]);
  });

  describe(name, () => {
    it('appends and reads, both ways, and from a revision on', async () => {
      const stream = newStream();
      const answer = await client.append(stream, events(5), 'no_stream');
      expect(answer).toMatchObject({ success: true, nextExpectedRevision: 4n });
      const read = await client.read(stream);
      expect(read).toMatchObject(
        events(5).map((event, n) => ({
          ...event,
          streamId: stream,
          revision: BigInt(n),
          isJson: true,
        })),
      );
      const backwards = { direction: 'backwards', fromRevision: 'end', maxCount: 2 };
      expect(await client.read(stream, backwards)).toMatchObject([
        { revision: 4n },
        { revision: 3n },
      ]);
      expect(await client.read(stream, { fromRevision: 4n })).toMatchObject([{ revision: 4n }]);
    });

    it('hears of a lost race, a stream that is none, and one that was ended', async () => {
      const stream = newStream();
      await client.append(stream, events(1), 'no_stream');
      await expect(client.append(stream, events(1), 'no_stream')).rejects.toMatchObject({
        type: 'wrong-expected-version',
      });
      await expect(client.append(stream, events(1), 7n)).rejects.toMatchObject({
        type: 'wrong-expected-version',
      });
      await expect(client.read(newStream())).rejects.toMatchObject({ type: 'stream-not-found' });
      await client.tombstone(stream);
      await expect(client.read(stream)).rejects.toMatchObject({
        type: 'stream-deleted',
        streamName: stream,
      });
      await expect(client.append(stream, events(1), 'any')).rejects.toMatchObject({
        type: 'stream-deleted',
      });
    });

    it('deletes a stream and sets its metadata', async () => {
      const stream = newStream();
      await client.append(stream, events(4), 'any');
      await client.setMetadata(stream, { maxCount: 2, mine: 'x' });
      expect(await client.metadata(stream)).toMatchObject({
        metadata: { maxCount: 2, mine: 'x' },
      });
      expect(await client.read(stream)).toMatchObject([{ revision: 2n }, { revision: 3n }]);
      await client.delete(stream);
      await expect(client.read(stream)).rejects.toMatchObject({ type: 'stream-not-found' });
    });

    it('follows a stream, and all of them by a filter', async () => {
      const [stream, other] = [newStream('orders-'), newStream('other-')];
      const seen: bigint[] = [];
      const following = (async () => {
        for await (const event of client.follow(stream)) {
          if (event) seen.push(event.revision);
          if (seen.length === 6) break;
        }
      })();
      let checkpoints = 0;
      const filtered: string[] = [];
      const followingAll = (async () => {
        for await (const event of client.followAll(stream, () => checkpoints++)) {
          if (event) filtered.push(`${event.streamId}@${event.revision}`);
          if (filtered.length === 6) break;
        }
      })();
      for (let n = 0; n < 3; n++) {
        await client.append(stream, events(2), 'any');
        await client.append(other, events(3), 'any');
      }
      await Promise.all([following, followingAll]);
      expect(seen).toEqual([0n, 1n, 2n, 3n, 4n, 5n]);
      expect(filtered).toEqual(seen.map((revision) => `${stream}@${revision}`));
      expect(checkpoints).toBeGreaterThan(0);
    });

    it('reads the whole log, both ways, and by what it calls not a system event', async () => {
      const [forwards, backwards] = await Promise.all([
        client.readAll({ fromPosition: 'start' }),
        client.readAll({ fromPosition: 'end', direction: 'backwards' }),
      ]);
      expect(forwards.length).toBeGreaterThan(20);
      expect(backwards).toEqual(forwards.toReversed());
    });

    it('is told in words what is not served', async () => {
      await expect(client.persist('a')).rejects.toThrow();
    });
  });
}

const events = (count: number, type = 'Placed') =>
  Array.from({ length: count }, (_, n) => ({ type, data: { n }, metadata: { by: 'é' } }));

/** Returns the events of a read, without what stands around them. */
export async function taken(read: AsyncIterable<{ event?: object }>): Promise<object[]> {
  const all: object[] = [];
  for await (const { event } of read) if (event) all.push(event);
  return all;
}

/** Yields the events of a subscription. */
export async function* eventsOf<Event>(
  subscription: AsyncIterable<{ event?: Event }>,
): AsyncIterable<Event | undefined> {
  for await (const { event } of subscription) yield event;
}
