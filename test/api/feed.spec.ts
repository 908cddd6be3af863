import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FeedClient } from '../feed/feed-client.js';
import { type WholeApp, wholeApp } from './whole-app.js';

let app: WholeApp;
const clients: FeedClient[] = [];
beforeAll(async () => {
  app = await wholeApp({ feedHeartbeatMs: 200, feedStallMs: 1_000 });
}, 60_000);
afterAll(async () => {
  for (const client of clients) client.cut();
  await app.close();
});

const EVENTS = '/api/v1/moraine/events';
const BASIC = `Basic ${Buffer.from('AKIAJTESTTESTTESTQ:a secret for tests').toString('base64')}`;

function feed(query = '', headers: Record<string, string> = {}, url = app.url): FeedClient {
  const client = new FeedClient({
    url: `${url}${EVENTS}${query}`,
    headers: { authorization: BASIC, ...headers },
  });
  clients.push(client);
  return client;
}

async function post(path: string, body: object, method = 'POST'): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const init = { method, headers, body: JSON.stringify(body) };
  const response = await app.call(`/api/v1${path}`, init);
  const text = await response.text();
  expect([path, response.status < 300, text]).toEqual([path, true, text]);
  return text === '' ? undefined : JSON.parse(text);
}

let count = 0;
async function newRepository(name = `lake-${++count}`): Promise<string> {
  await post('/repositories', { name, storage_namespace: `local://${name}-${++count}/` });
  return name;
}

async function upload(repository: string, path: string, branch = 'main'): Promise<void> {
  const url = `/api/v1/repositories/${repository}/branches/${branch}/objects?path=${path}`;
  const headers = { 'content-type': 'application/octet-stream' };
  const response = await app.call(url, { method: 'POST', headers, body: path });
  expect(response.status).toBe(201);
}

const pathsOf = ({ messages }: FeedClient) =>
  messages.filter(({ type }) => type === 'ObjectStaged').map(({ data }) => data.data['path']);

describe('the feed of events', () => {
  it('tells what happens from now on, each with its position as its id', async () => {
    const lake = await newRepository();
    const client = feed();
    expect(await client.status).toBe(200);
    const { headers } = await client.opened;
    expect(headers['content-type']).toBe('text/event-stream');
    await upload(lake, 'a');
    await upload(lake, 'b');
    await client.until(() => pathsOf(client).length === 2);
    expect(pathsOf(client)).toEqual(['a', 'b']);
    expect(client.retryMs).toBeGreaterThanOrEqual(1_000);
    for (const { position, type, data } of client.messages) {
      expect(data).toMatchObject({ position, type, caller: 'admin', repository: lake });
    }
  });
});
