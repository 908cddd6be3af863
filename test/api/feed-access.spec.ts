import { afterEach, describe, expect, it } from '@jest/globals';
import { DomainError } from '../../src/domain/errors.js';
import { StoreUnavailable } from '../../src/ports/store-errors.js';
import type { FeedSink } from '../../src/queries/feed/feed-consumer.js';
import { OpenFeed } from '../../src/queries/feed/open-feed.js';
import { FeedClient } from '../feed/feed-client.js';
import { BASIC, type RunningEdge, runEdge } from './running-edge.js';
import { standIns } from './stand-ins.js';

/** Longer than a proof that was right is believed without another look. */
const LATER_MS = 60_000;

describe('who has opened a feed', () => {
  let edge: RunningEdge;
  afterEach(() => edge.close());

  const open = async (headers: Record<string, string>) => {
    edge = await runEdge(standIns);
    const opened = Promise.withResolvers<FeedSink>();
    const nobody = { ready: () => undefined, leave: () => undefined };
    const follow = (sink: FeedSink) => {
      opened.resolve(sink);
      return nobody;
    };
    edge.answer(OpenFeed, () => ({ at: 0, uid: undefined, follow }));
    const client = new FeedClient({ url: `${edge.url}/api/v1/moraine/events`, headers });
    expect(await client.status).toBe(200);
    return { client, sink: await opened.promise };
  };

  it('may read for as long as its key pair is right', async () => {
    const { sink } = await open({ authorization: BASIC });
    edge.nowMs += LATER_MS;
    expect(await sink.isAllowed()).toBe(true);
    edge.authenticator.failsWith = new DomainError('authentication_failed');
    edge.nowMs += LATER_MS;
    expect(await sink.isAllowed()).toBe(false);
  });

  it('may read for as long as its session lasts', async () => {
    edge = await runEdge(standIns);
    const { token } = await edge.authenticator.startSession({
      id: 'ada',
      createdAtMs: 0,
    } as Parameters<RunningEdge['authenticator']['startSession']>[0]);
    await edge.close();
    const { sink } = await open({ cookie: `internal_auth_session=${token}` });
    expect(await sink.isAllowed()).toBe(true);
    edge.nowMs += 8 * 86_400_000;
    expect(await sink.isAllowed()).toBe(false);
  });

  it('is not sent away because nobody can say', async () => {
    const { sink } = await open({ authorization: BASIC });
    edge.authenticator.failsWith = new StoreUnavailable('the database is away');
    edge.nowMs += LATER_MS;
    await expect(sink.isAllowed()).rejects.toThrow(StoreUnavailable);
  });

  it('is sent on in order by a server that is about to end, to come again soon', async () => {
    edge = await runEdge(standIns);
    const headers = { authorization: BASIC };
    const client = new FeedClient({ url: `${edge.url}/api/v1/moraine/events`, headers });
    expect([await client.status, await client.ended]).toEqual([200, 'clean']);
    expect(client.retryMs).toBeGreaterThanOrEqual(1_000);
    expect((await client.opened).headers.connection).toBe('close');
  });

  it('is told of each message as a browser reads it, and of the end', async () => {
    const { client, sink } = await open({ authorization: BASIC });
    expect(sink.beat(undefined)).toBe(true);
    expect(sink.beat(77)).toBe(true);
    await client.until(() => client.lastId === '77');
    expect([client.messages, client.beats]).toEqual([[], 2]);
    sink.end('draining');
    expect(await client.ended).toBe('clean');
  });
});
