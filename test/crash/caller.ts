import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { KEY, type Node } from './node.js';

const ANSWER_MS_MAX = 90_000;
/** As whoever routes requests gives a node up that says nothing. */
const ATTEMPT_MS_MAX = 4_000;
const PAUSE_MS = 40;
const authorization = `Basic ${Buffer.from(`${KEY.id}:${KEY.secret}`).toString('base64')}`;

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** Of an object that was stored by a presigned URL. */
  readonly etag: string;
}

export interface Asked {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly json?: unknown;
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent once and never again: what became of it is unknown when no answer comes. */
  readonly isOnce?: boolean;
}

/** What all clients of a round share. */
export interface Around {
  readonly nodes: readonly Node[];
  /** Answers that nobody should have got. */
  readonly faults: string[];
}

/** How many requests that change something wait for an answer, sent or not. */
export class Waiting {
  count = 0;
}

/** One client: it asks one node, the next one when that is gone, and again under the same key. */
export class Caller {
  #turn: number;

  constructor(
    private readonly around: Around,
    private readonly waiting: Waiting,
    /** Where it begins; pinned, it stays there as long as it is answered. */
    private readonly at: { readonly first: number; readonly isPinned: boolean },
  ) {
    this.#turn = at.first;
  }

  /**
   * @returns what a node answered; undefined: it was sent once, and none came
   * @throws Error  no answer came in all the time that there is
   */
  async ask(path: string, asked: Asked = {}): Promise<Answer | undefined> {
    const { method = 'GET', json, body, headers, isOnce = false } = asked;
    const isWrite = method !== 'GET';
    const init: RequestInit = {
      method,
      headers: {
        authorization,
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...(isWrite && !isOnce && { 'idempotency-key': randomUUID() }),
        ...headers,
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      ...(body && { body }),
    };
    if (isWrite) this.waiting.count++;
    try {
      return await this.#ask(path, init, { isWrite, isOnce });
    } finally {
      if (isWrite) this.waiting.count--;
    }
  }

  async #ask(
    path: string,
    init: RequestInit,
    { isWrite, isOnce }: { isWrite: boolean; isOnce: boolean },
  ): Promise<Answer | undefined> {
    const untilMs = performance.now() + ANSWER_MS_MAX;
    let last = '';
    while (performance.now() < untilMs) {
      const { nodes } = this.around;
      const node = nodes[this.#turn % nodes.length];
      if (!node) throw new Error('there is no node');
      const answer = await this.#send(node, path, init, isWrite);
      if (typeof answer !== 'string') {
        const { status, text } = answer;
        // Each thing is asked of another node than the last.
        if (status < 500 && status !== 429) {
          if (!this.at.isPinned) this.#turn++;
          return answer;
        }
        last = `${status} ${text}`;
        // That nobody knows what became of it is true, and the same request again finds out.
        const isUnknown = text.includes('the outcome of this request is unknown');
        if (status === 500 && !isUnknown)
          this.around.faults.push(`${init.method} ${path}: ${last}`);
        if (isOnce && status !== 429) return undefined;
      } else {
        last = answer;
        this.#turn++;
        if (isOnce && answer !== 'not sent') return undefined;
      }
      await delay(PAUSE_MS);
    }
    throw new Error(`no answer to ${init.method} ${path}: ${last}`);
  }

  async #send(
    node: Node,
    path: string,
    init: RequestInit,
    isWrite: boolean,
  ): Promise<Answer | string> {
    const url = path.startsWith('/') ? `${node.url}/api/v1${path}` : atNode(path, node);
    if (isWrite) node.unanswered++;
    try {
      const signal = AbortSignal.timeout(ATTEMPT_MS_MAX);
      const response = await fetch(url, { ...init, signal });
      const text = await response.text();
      return { status: response.status, text, etag: response.headers.get('etag') ?? '' };
    } catch (error) {
      const { cause } = error as { cause?: { code?: string } };
      return cause?.code === 'ECONNREFUSED' ? 'not sent' : `broken off: ${String(error)}`;
    } finally {
      if (isWrite) node.unanswered--;
    }
  }
}

/** A presigned URL names the node that signed it; each of them knows the signature. */
function atNode(url: string, node: Node): string {
  const { pathname, search } = new URL(url);
  return `${node.url}${pathname}${search}`;
}
