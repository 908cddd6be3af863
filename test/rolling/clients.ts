import { setTimeout as delay } from 'node:timers/promises';
import { KEY, type Node } from './node.js';

const POLL_MS = 20;
const UPLOADS_A_COMMIT = 10;
const READERS = 16;
const authorization = `Basic ${Buffer.from(`${KEY.id}:${KEY.secret}`).toString('base64')}`;

/** What clients were told, and what they were not. */
export interface Told {
  /** Paths that were uploaded, each holds its own name. */
  readonly uploads: Set<string>;
  /** Messages of commits that were made. */
  readonly commits: Set<string>;
  /** Answers that nobody should have got, and connections that broke under a request. */
  readonly faults: string[];
}

/**
 * Clients behind something that sends each request to the next node that says it is ready, as a
 * load balancer does. They write and commit until they are to stop.
 */
export class Clients {
  readonly told: Told = { uploads: new Set(), commits: new Set(), faults: [] };
  readonly #ready = new Set<Node>();
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>[] = [];
  #turn = 0;

  constructor(
    private readonly nodes: readonly Node[],
    private readonly repository: string,
  ) {}

  /** Asks every node all the time whether it is ready, and lets so many clients work. */
  async start(count: number): Promise<void> {
    for (const node of this.nodes) this.#running.push(this.#follow(node));
    while (this.#ready.size === 0) await delay(POLL_MS);
    for (let client = 0; client < count; client++) this.#running.push(this.#work(client));
  }

  /** Resolves when requests go to a node. */
  async seeReady(node: Node): Promise<void> {
    while (!this.#ready.has(node)) await delay(POLL_MS);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  async #follow(node: Node): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      if (await node.isReady()) this.#ready.add(node);
      else this.#ready.delete(node);
      await delay(POLL_MS);
    }
  }

  #next(): Node | undefined {
    const ready = this.nodes.filter((node) => this.#ready.has(node));
    return ready[this.#turn++ % ready.length];
  }

  async #work(client: number): Promise<void> {
    for (let n = 0; !this.#stopping.signal.aborted; n++) {
      const path = `client-${client}/${n}`;
      const place = `/repositories/${this.repository}/branches/main`;
      const object = `${place}/objects?path=${encodeURIComponent(path)}`;
      if (await this.#send(object, path, 201)) this.told.uploads.add(path);
      if (n % UPLOADS_A_COMMIT !== UPLOADS_A_COMMIT - 1) continue;
      const body = JSON.stringify({ message: path });
      if (await this.#send(`${place}/commits`, body, 201)) this.told.commits.add(path);
    }
  }

  /** @returns whether it was done; another client's commit may have taken all that there was */
  async #send(path: string, body: string, status: number): Promise<boolean> {
    const node = this.#next();
    if (node === undefined) {
      this.told.faults.push('no node is ready');
      await delay(POLL_MS);
      return false;
    }
    const headers = { authorization, 'content-type': 'application/json' };
    try {
      const url = `${node.url}/api/v1${path}`;
      const response = await fetch(url, { method: 'POST', headers, body });
      const text = await response.text();
      if (response.status === status) return true;
      if (!/no changes/.test(text)) this.told.faults.push(`${path}: ${response.status} ${text}`);
    } catch (error) {
      const { message, cause } = error as Error;
      this.told.faults.push(`${path} at ${node.port}: ${message}: ${String(cause)}`);
    }
    return false;
  }
}

/** Returns what a server does not have of what clients were told. */
export async function lostOf(node: Node, repository: string, told: Told): Promise<string[]> {
  const read = (path: string) =>
    fetch(`${node.url}/api/v1/repositories/${repository}${path}`, { headers: { authorization } });
  const lost: string[] = [];
  const paths = [...told.uploads];
  // Not all at once: a server turns away what it cannot take.
  const look = async (): Promise<void> => {
    for (let path = paths.pop(); path !== undefined; path = paths.pop()) {
      const found = await read(`/refs/main/objects?path=${encodeURIComponent(path)}`);
      const content = await found.text();
      if (content !== path) lost.push(`${path}: ${found.status} ${content.slice(0, 200)}`);
    }
  };
  await Promise.all(Array.from({ length: READERS }, look));
  const messages: string[] = [];
  for (let after = ''; ;) {
    const page = await read(`/refs/main/commits?amount=1000&after=${encodeURIComponent(after)}`);
    const { results, pagination } = (await page.json()) as Page;
    messages.push(...results.map(({ message }) => message));
    if (!pagination.has_more) break;
    after = pagination.next_offset;
  }
  for (const message of told.commits) {
    const count = messages.filter((each) => each === message).length;
    if (count !== 1) lost.push(`commit ${message}: ${count} times`);
  }
  return lost;
}

interface Page {
  readonly results: readonly { message: string }[];
  readonly pagination: { readonly has_more: boolean; readonly next_offset: string };
}

/** Makes the repository that the clients write to. */
export async function makeRepository(node: Node, name: string): Promise<void> {
  const response = await fetch(`${node.url}/api/v1/repositories`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ name, storage_namespace: `local://${name}/` }),
  });
  if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
}
