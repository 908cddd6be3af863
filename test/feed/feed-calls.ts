import { expect } from '@jest/globals';
import type { WholeApp } from '../api/whole-app.js';
import { FeedClient, type FeedMessage } from './feed-client.js';

const BASIC = `Basic ${Buffer.from('AKIAJTESTTESTTESTQ:a secret for tests').toString('base64')}`;

/** What a spec of the feed asks of a whole application. */
export class FeedCalls {
  readonly #clients: FeedClient[] = [];
  #count = 0;

  constructor(readonly app: WholeApp) {}

  /** Opens a feed as the administrator, unless other headers say otherwise. */
  feed(query = '', headers: Record<string, string> = {}): FeedClient {
    const client = new FeedClient({
      url: `${this.app.url}/api/v1/moraine/events${query}`,
      headers: { authorization: BASIC, ...headers },
    });
    this.#clients.push(client);
    return client;
  }

  /** Opens one and waits until it is heard. */
  async opened(query = '', headers: Record<string, string> = {}): Promise<FeedClient> {
    const client = this.feed(query, headers);
    expect(await client.status).toBe(200);
    await client.until(() => client.lastId !== '', 'its first id');
    return client;
  }

  async send(path: string, body: object, method = 'POST'): Promise<Record<string, unknown>> {
    const headers = { 'content-type': 'application/json' };
    const init = { method, headers, body: JSON.stringify(body) };
    const response = await this.app.call(`/api/v1${path}`, init);
    const text = await response.text();
    expect([path, response.status < 300, text]).toEqual([path, true, text]);
    return text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
  }

  async repository(name = `lake-${++this.#count}`): Promise<string> {
    const place = `local://${name}-${++this.#count}`;
    await this.send('/repositories', { name, storage_namespace: place });
    return name;
  }

  async upload(repository: string, path: string, branch = 'main'): Promise<void> {
    const url = `/api/v1/repositories/${repository}/branches/${branch}/objects?path=${path}`;
    const headers = { 'content-type': 'application/octet-stream' };
    const response = await this.app.call(url, { method: 'POST', headers, body: path });
    expect(response.status).toBe(201);
  }

  /** Writes an event of about so many bytes. */
  stage(repository: string, path: string, bytes: number): Promise<object> {
    return this.send(
      `/repositories/${repository}/branches/main/objects?path=${path}`,
      {
        physical_address: `local://elsewhere/${path}`,
        checksum: 'c0ffee',
        size_bytes: 1,
        metadata: { padding: 'x'.repeat(bytes) },
      },
      'PUT',
    );
  }

  cut(): void {
    for (const client of this.#clients) client.cut();
  }
}

export const typesOf = (messages: readonly FeedMessage[]) => messages.map(({ type }) => type);
export const positionsOf = (messages: readonly FeedMessage[]) =>
  messages.map(({ position }) => position);

/** Paths of the objects that were written, in the order they came in. */
export const pathsOf = ({ messages }: FeedClient) =>
  messages.filter(({ type }) => type === 'ObjectStaged').map(({ data }) => data.data['path']);
