import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FeedCalls, pathsOf, positionsOf, typesOf } from '../feed/feed-calls.js';
import type { FeedClient, FeedMessage } from '../feed/feed-client.js';
import { refusal } from './running-edge.js';
import { wholeApp } from './whole-app.js';

let calls: FeedCalls;
/** Told from the first event on. */
let witness: FeedClient;
beforeAll(async () => {
  calls = new FeedCalls(await wholeApp({ feedHeartbeatMs: 200 }));
  witness = await calls.opened('?from=beginning');
}, 60_000);
afterAll(async () => {
  calls.cut();
  await calls.app.close();
});

/** Of a repository's very first event the name may not be known yet when it happens. */
const withoutName = ({ data, ...message }: FeedMessage) => {
  const { repository: _, ...rest } = data;
  return { ...message, data: rest };
};

describe('the feed of events', () => {
  it('tells what happens from now on, each event with its position as its id', async () => {
    const lake = await calls.repository();
    const client = await calls.opened();
    const { headers } = await client.opened;
    expect(headers['content-type']).toBe('text/event-stream');
    expect(headers['cache-control']).toBe('no-store');
    for (const path of ['a', 'b']) await calls.upload(lake, path);
    await client.until(() => pathsOf(client).length === 2);
    expect(pathsOf(client)).toEqual(['a', 'b']);
    expect(client.retryMs).toBeGreaterThanOrEqual(1_000);
    const staged = client.messages.findLast(({ type }) => type === 'ObjectStaged');
    expect(staged?.data).toEqual({
      position: staged?.position,
      stream: expect.stringMatching(/^staging-[0-9a-v]{20}\.main\.0\.0$/),
      revision: 2,
      type: 'ObjectStaged',
      version: 1,
      time: new Date(staged?.data.time_ms ?? 0).toISOString(),
      time_ms: expect.any(Number),
      caller: 'admin',
      request_id: expect.stringMatching(/^[\da-f-]{36}$/),
      command_id: expect.any(String),
      event_id: expect.stringMatching(/^[\da-f-]{36}$/),
      repository: lake,
      repository_uid: expect.stringMatching(/^[0-9a-v]{20}$/),
      branch: 'main',
      data: { path: 'b', entry: expect.objectContaining({ sizeBytes: 1 }) },
    });
  });

  it('tells from the beginning what it has told as it happened', async () => {
    await calls.upload(await calls.repository(), 'a');
    const { length } = witness.messages;
    const again = await calls.opened('?from=beginning');
    await again.until(() => again.messages.length >= length);
    const told = ({ messages }: FeedClient) => messages.slice(0, length).map(withoutName);
    expect(told(again)).toEqual(told(witness));
    expect(typesOf(again.messages)).toEqual(expect.arrayContaining(['RepositoryCreated']));
  });

  it('tells nobody of keys, answers and addresses', async () => {
    const lake = await calls.repository();
    const place = `/repositories/${lake}/branches/main`;
    await calls.app.call(`/api/v1${place}/objects?path=kept`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', 'idempotency-key': 'told-to-nobody' },
      body: 'kept',
    });
    await calls.app.call(`/api/v1${place}/staging/pmpu?path=large&parts=1`, { method: 'POST' });
    await calls.upload(lake, 'last');
    await witness.until(() => pathsOf(witness).includes('last'));
    expect(pathsOf(witness)).toContain('kept');
    const types = new Set(typesOf(witness.messages));
    const kept = ['InstallationSetUp', 'RequestBegun', 'RequestAnswered', 'MultipartStarted'];
    expect(kept.filter((type) => types.has(type))).toEqual([]);
    expect(JSON.stringify(witness.messages)).not.toMatch(/sealed|fingerprint/);
  });

  it('goes on behind the last id that a client has had, whatever its URL says', async () => {
    const lake = await calls.repository();
    const paths = Array.from({ length: 30 }, (_, at) => `p${at}`);
    const first = await calls.opened();
    await Promise.all(paths.map((path) => calls.upload(lake, path)));
    await first.until(() => pathsOf(first).length === 30);
    for (const cutAfter of [1, 7, 29]) {
      const lastId = String(first.messages[cutAfter]?.position);
      const rest = first.messages.slice(cutAfter + 1);
      for (const query of ['', '?from=now', '?from=beginning']) {
        const client = await calls.opened(query, { 'last-event-id': lastId });
        await client.until(() => client.messages.length >= rest.length);
        expect(client.messages.slice(0, rest.length)).toEqual(rest);
      }
      const client = await calls.opened(`?from=${lastId}`);
      await client.until(() => client.messages.length >= rest.length);
      expect(client.messages.slice(0, rest.length)).toEqual(rest);
    }
  });

  it('says from the first where a client stands that has had no event yet', async () => {
    const lake = await calls.repository();
    const first = await calls.opened();
    first.cut();
    await calls.upload(lake, 'meanwhile');
    const second = await calls.opened('', { 'last-event-id': first.lastId });
    await second.until(() => pathsOf(second).length === 1);
    expect(pathsOf(second)).toEqual(['meanwhile']);
  });

  it('says that it is there while nothing happens', async () => {
    const client = await calls.opened();
    await client.until(() => client.beats >= 3, 'three beats');
    expect(client.messages).toEqual([]);
  });
});

describe('a feed of a part', () => {
  const uidOf = async (name: string) => {
    await witness.until(() =>
      witness.messages.some(
        ({ type, data }) => type === 'RepositoryCreated' && data.repository === name,
      ),
    );
    const created = witness.messages.findLast(
      ({ type, data }) => type === 'RepositoryCreated' && data.repository === name,
    );
    return created?.data.repository_uid ?? '';
  };

  it('is of the types that were asked for', async () => {
    const lake = await calls.repository();
    const types = '?type=Committed&type=ObjectStaged,TagCreated&from=now';
    const client = await calls.opened(types);
    await calls.upload(lake, 'a');
    const commit = await calls.send(`/repositories/${lake}/branches/main/commits`, {
      message: 'm',
    });
    await calls.send(`/repositories/${lake}/tags`, { id: 'v1', ref: 'main' });
    await client.until(() => client.messages.length === 3);
    expect(typesOf(client.messages)).toEqual(['ObjectStaged', 'Committed', 'TagCreated']);
    expect(client.messages[2]?.data.data).toEqual({ commitId: commit['id'] });
  });

  it('is of one branch', async () => {
    const lake = await calls.repository();
    const client = await calls.opened(`?repository=${lake}&branch=work`);
    await calls.send(`/repositories/${lake}/branches`, { name: 'work', source: 'main' });
    await Promise.all([calls.upload(lake, 'm'), calls.upload(lake, 'w', 'work')]);
    await client.until(() => pathsOf(client).length === 1);
    expect(pathsOf(client)).toEqual(['w']);
    expect(typesOf(client.messages)[0]).toBe('BranchCreated');
  });

  it('is of one repository, and of no other that comes after it under its name', async () => {
    const lake = await calls.repository();
    const other = await calls.repository(`${lake}-more`);
    const uid = await uidOf(lake);
    const [byName, byUid, byBoth] = await Promise.all([
      calls.opened(`?repository=${lake}&from=beginning`),
      calls.opened(`?repository_uid=${uid}&from=beginning`),
      calls.opened(`?repository=${lake}&repository_uid=${uid}&from=beginning`),
    ]);
    expect((await byName.opened).headers['moraine-repository-uid']).toBe(uid);
    await calls.upload(other, 'other');
    await calls.upload(lake, 'first');
    await calls.app.call(`/api/v1/repositories/${lake}`, { method: 'DELETE' });
    await byName.until(() => typesOf(byName.messages).includes('RepositoryPurged'));
    const midway = byName.messages.find(({ type }) => type === 'ObjectStaged')?.position;
    await calls.repository(lake);
    await calls.upload(lake, 'second');
    await witness.until(() => pathsOf(witness).includes('second'));
    const whole = witness.messages.filter(({ data }) => data.repository_uid === uid);
    for (const client of [byName, byUid, byBoth]) {
      await client.until(() => client.messages.length >= whole.length);
      expect(positionsOf(client.messages)).toEqual(positionsOf(whole));
      expect(pathsOf(client)).toEqual(['first']);
    }
    // Who goes on asks for the one it had; who begins, for the one there is.
    const again = await calls.opened(`?repository=${lake}`, { 'last-event-id': String(midway) });
    const rest = whole.filter(({ position }) => position > (midway ?? 0));
    await again.until(() => again.messages.length >= rest.length);
    expect(positionsOf(again.messages)).toEqual(positionsOf(rest));
    const anew = await calls.opened(`?repository=${lake}&from=beginning`);
    await anew.until(() => pathsOf(anew).length > 0);
    expect(pathsOf(anew)).toEqual(['second']);
    expect(typesOf(anew.messages)).toEqual(expect.arrayContaining(['RepositoryCreated']));
  }, 30_000);
});

describe('a feed that cannot be', () => {
  const refused = async (query: string, headers: Record<string, string> = {}) =>
    refusal(await calls.app.call(`/api/v1/moraine/events${query}`, { headers }));

  it.each([
    ['?type=Nothing', "type: 'Nothing' is no type of event in the feed"],
    ['?type=InstallationSetUp', "type: 'InstallationSetUp' is no type of event in the feed"],
    ['?type=Committed,', "type: '' is no type of event in the feed"],
    ['?type=', 'type: empty value is not allowed'],
    ['?from=soon', "from: 'soon' is no position: a whole number, beginning or now"],
    ['?from=-1', "from: '-1' is no position: a whole number, beginning or now"],
    ['?from=1.5', "from: '1.5' is no position: a whole number, beginning or now"],
    ['?from=', "from: '' is no position: a whole number, beginning or now"],
    ['?from=now&from=now', 'from: given more than once'],
    ['?brnach=main', 'brnach: is none of from, repository, repository_uid, branch, type'],
    ['?branch=-x', expect.stringMatching(/^branch: /)],
    ['?repository=X', expect.stringMatching(/^repository: /)],
    ['?repository_uid=short', 'repository_uid: must be 20 of 0-9 and a-v'],
  ])('is refused: %s', async (query, message) => {
    expect(await refused(query)).toEqual([400, message]);
  });

  it('lies ahead of the log', async () => {
    const ahead = await refused('?from=9007199254740991');
    expect(ahead).toEqual([
      400,
      expect.stringMatching(/^from: position 9007199254740991 lies ahead of the log's end, which/),
    ]);
    const [status, message] = await refused('', { 'last-event-id': '9007199254740991' });
    expect([status, message.split(':')[0]]).toEqual([400, 'Last-Event-ID']);
    expect(await refused('', { 'last-event-id': 'x' })).toEqual([
      400,
      "Last-Event-ID: 'x' is no position: a whole number",
    ]);
  });

  it('is of a repository that never was', async () => {
    expect(await refused('?repository=never-was')).toEqual([404, 'repository not found']);
    const lake = await calls.repository();
    const uid = '00000000000000000000';
    expect((await refused(`?repository=${lake}&repository_uid=${uid}`))[0]).toBe(404);
  });
});
