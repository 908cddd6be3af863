// A caller with a few connections that stay open.
import { Agent, request } from 'node:http';

const CONNECTIONS = 32;
/** A commit of a million objects takes its time. */
const TIMEOUT_MS = 15 * 60 * 1000;

export class Client {
  #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  #authorization;

  constructor({ urls: [url], env }) {
    this.url = new URL(url);
    const pair = `${env.LOAD_ACCESS_KEY_ID}:${env.LOAD_SECRET_ACCESS_KEY}`;
    this.#authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
    this.namespace = env.LOAD_NAMESPACE ?? 'local://load';
    this.stagedAddress = env.LOAD_STAGED_ADDRESS ?? 'local:///tmp/load';
  }

  close() {
    this.#agent.destroy();
  }

  async newRepository(options = {}) {
    const name = `scale-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
    const storage_namespace = `${this.namespace}/${name}`;
    const query = options.isBare ? '?bare=true' : '';
    await this.send('POST', `/repositories${query}`, { name, storage_namespace }, 201);
    return `/repositories/${name}`;
  }

  /** Sends one request. @throws Error another status, with what was said */
  send(method, path, body, status) {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          agent: this.#agent,
          host: this.url.hostname,
          port: this.url.port,
          method,
          path: `/api/v1${path}`,
          timeout: TIMEOUT_MS,
          headers: {
            authorization: this.#authorization,
            ...(payload === undefined
              ? {}
              : {
                  'content-type': 'application/json',
                  'content-length': Buffer.byteLength(payload),
                }),
          },
        },
        (answer) => {
          const parts = [];
          answer.on('data', (part) => parts.push(part));
          answer.on('error', reject);
          answer.on('end', () => {
            const text = Buffer.concat(parts).toString();
            if (answer.statusCode !== status) {
              reject(new Error(`${method} ${path}: ${answer.statusCode} ${text.slice(0, 300)}`));
              return;
            }
            resolve(/json/.test(answer.headers['content-type'] ?? '') ? JSON.parse(text) : text);
          });
        },
      );
      sent.on('error', reject);
      sent.end(payload);
    });
  }

  /** Runs work for 0 … count − 1, as many at once as there are connections. */
  async each(count, work) {
    let next = 0;
    const worker = async () => {
      while (next < count) await work(next++);
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  }

  /** Reads every page of a list; returns how many rows there were. */
  async all(path, amount = 1000) {
    let after = '';
    let rows = 0;
    for (;;) {
      const query = `${path.includes('?') ? '&' : '?'}amount=${amount}&after=`;
      const page = await this.send('GET', path + query + encodeURIComponent(after), undefined, 200);
      rows += page.results.length;
      if (!page.pagination.has_more) return rows;
      after = page.pagination.next_offset;
    }
  }
}
