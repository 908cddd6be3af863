import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { FeedCalls, pathsOf, positionsOf } from '../feed/feed-calls.js';
import { wholeApp, type WholeApp } from './whole-app.js';

const EVENT_BYTES = 500_000;
/** More than what sockets keep on their way. */
const EVENTS = 14;

describe('a feed whose reader is slow', () => {
  let calls: FeedCalls;
  beforeAll(async () => {
    calls = new FeedCalls(await wholeApp({ feedHeartbeatMs: 200 }));
  }, 60_000);
  afterAll(async () => {
    calls.cut();
    await calls.app.close();
  });

  it('waits for it, keeps nobody else waiting, and leaves nothing out', async () => {
    const lake = await calls.repository();
    const [slow, fast] = await Promise.all([calls.opened(), calls.opened()]);
    slow.pause();
    const paths = Array.from({ length: EVENTS }, (_, at) => `p${at}`);
    for (const path of paths) await calls.stage(lake, path, EVENT_BYTES);
    await fast.until(() => pathsOf(fast).length === EVENTS);
    expect(pathsOf(slow).length).toBeLessThan(EVENTS);
    slow.resume();
    await slow.until(() => pathsOf(slow).length === EVENTS);
    expect(pathsOf(slow)).toEqual(paths);
    expect(positionsOf(slow.messages)).toEqual(positionsOf(fast.messages));
  }, 60_000);
});

describe('a feed is ended', () => {
  let app: WholeApp | undefined;
  let calls: FeedCalls;
  const open = async (config: object) => {
    app = await wholeApp({ feedHeartbeatMs: 100, ...config });
    calls = new FeedCalls(app);
  };
  afterEach(async () => {
    calls.cut();
    await app?.close();
    app = undefined;
  });

  it('when its reader takes nothing for too long', async () => {
    await open({ feedStallMs: 300 });
    const lake = await calls.repository();
    const [slow, fast] = await Promise.all([calls.opened(), calls.opened()]);
    slow.pause();
    for (let at = 0; at < EVENTS; at++) await calls.stage(lake, `p${at}`, EVENT_BYTES);
    await fast.until(() => pathsOf(fast).length === EVENTS);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    slow.resume();
    expect(await slow.ended).toBe('broken');
    expect(pathsOf(slow).length).toBeLessThan(EVENTS);
    // Where it stood it can go on.
    const rest = await calls.opened('', { 'last-event-id': slow.lastId });
    await rest.until(() => pathsOf(slow).length + pathsOf(rest).length === EVENTS);
    const both = [...slow.messages, ...rest.messages];
    expect(positionsOf(both)).toEqual(positionsOf(fast.messages));
  }, 60_000);

  it('when what it was opened with is no proof any more', async () => {
    await open({ sessionTtlMs: 2_000 });
    const login = { access_key_id: 'AKIAJTESTTESTTESTQ', secret_access_key: 'a secret for tests' };
    const { token } = await calls.send('/auth/login', login);
    const lasting = await calls.opened();
    const passing = await calls.opened('', { authorization: `Bearer ${String(token)}` });
    expect(await passing.ended).toBe('clean');
    await calls.repository();
    await lasting.until(() => lasting.messages.length > 0);
    expect(passing.messages).toEqual([]);
    const again = calls.feed('', { authorization: `Bearer ${String(token)}` });
    expect(await again.status).toBe(401);
  }, 30_000);

  it('in order when the server ends, and does not keep it', async () => {
    await open({});
    const lake = await calls.repository();
    const clients = await Promise.all(Array.from({ length: 20 }, () => calls.opened()));
    await calls.upload(lake, 'last');
    for (const client of clients) await client.until(() => pathsOf(client).length === 1);
    await app?.close();
    app = undefined;
    expect(await Promise.all(clients.map(({ ended }) => ended))).toEqual(
      clients.map(() => 'clean'),
    );
  }, 30_000);

  it('though its reader reads nothing, and does not keep the server either', async () => {
    await open({});
    const lake = await calls.repository();
    const slow = await calls.opened();
    slow.pause();
    for (let at = 0; at < EVENTS; at++) await calls.stage(lake, `p${at}`, EVENT_BYTES);
    const beganAtMs = performance.now();
    await app?.close();
    app = undefined;
    expect(performance.now() - beganAtMs).toBeLessThan(15_000);
    slow.resume();
    expect(await slow.ended).toBe('broken');
  }, 60_000);

  it('before it has begun when there are too many', async () => {
    await open({ feedsMax: 2 });
    await Promise.all([calls.opened(), calls.opened()]);
    const third = calls.feed();
    expect(await third.status).toBe(503);
    expect((await third.opened).headers['retry-after']).toBe('1');
  }, 30_000);

  it('by nothing else: neither a place among requests nor a slow hand ends it', async () => {
    await open({ requestsMax: 1, waitingMax: 0, stallMsMax: 1_000, bytesPerSecondMin: 1_000_000 });
    const client = await calls.opened();
    const others = [await calls.opened(), await calls.opened()];
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    await calls.upload(await calls.repository(), 'still');
    for (const each of [client, ...others]) await each.until(() => pathsOf(each).length === 1);
  }, 30_000);
});
