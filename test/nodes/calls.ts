import { Agent, request } from 'node:http';
import { KEY, type Node } from '../rolling/node.js';

export interface Reply {
  readonly status: number;
  readonly requestId: string | undefined;
  readonly text: string;
}

const AUTHORIZATION = `Basic ${Buffer.from(`${KEY.id}:${KEY.secret}`).toString('base64')}`;
const ANSWER_MS_MAX = 15_000;

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'PATCH';
  /** Behind `/api/v1`, with its query. */
  readonly path: string;
  readonly json?: unknown;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly msMax?: number;
}

/** Calls a node's API over connections that stay. */
export class Calls {
  readonly #agent = new Agent({ keepAlive: true });
  readonly key = KEY;

  constructor(readonly node: Node) {}

  /** Rejects when the connection breaks, or no answer comes in time. */
  send({ method, path, json, body, headers, msMax = ANSWER_MS_MAX }: Call): Promise<Reply> {
    const content = json === undefined ? (body ?? '') : JSON.stringify(json);
    const type = json === undefined ? 'application/octet-stream' : 'application/json';
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          host: '127.0.0.1',
          port: this.node.port,
          agent: this.#agent,
          method,
          path: `/api/v1${path}`,
          headers: {
            authorization: AUTHORIZATION,
            ...(content !== '' && { 'content-type': type }),
            'content-length': Buffer.byteLength(content),
            ...headers,
          },
        },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          answer.on('error', reject);
          answer.on('end', () => {
            const requestId = answer.headers['x-request-id'] as string | undefined;
            resolve({ status: answer.statusCode ?? 0, requestId, text });
          });
        },
      );
      asked.setTimeout(msMax, () => asked.destroy(new Error(`no answer in ${msMax} ms`)));
      asked.on('error', reject);
      asked.end(content);
    });
  }

  /** Sends what must succeed. */
  async must(call: Call): Promise<string> {
    const { status, text } = await this.send(call);
    if (status >= 200 && status < 300) return text;
    throw new Error(`${call.method} ${call.path}: ${status} ${text}`);
  }

  close(): void {
    this.#agent.destroy();
  }
}
