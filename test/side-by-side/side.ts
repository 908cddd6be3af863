import { setTimeout as delay } from 'node:timers/promises';
import { IMPORT_FOLDER } from './import-folder.js';
import type { RefText, Step } from './step.js';

export interface SideAddress {
  readonly name: string;
  /** `http://host:port` */
  readonly url: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface Answered {
  readonly status: number;
  readonly body: unknown;
}

/** A branch as its server shows it, in words that mean the same on every server. */
export interface Observed {
  readonly head: number;
  readonly metaRange: string;
  readonly parents: readonly number[];
  readonly message: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly generation: number;
  readonly objects: readonly ObservedObject[];
  readonly uncommitted: readonly string[];
}

export interface ObservedObject {
  readonly path: string;
  readonly checksum: string;
  readonly physical_address: string;
  readonly size_bytes: number;
  readonly mtime: number;
  readonly content_type: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A server that cannot show what it has just said that it has. */
export class SideFault extends Error {
  override readonly name = 'SideFault';
}

interface CommitBody {
  readonly id: string;
  readonly parents: readonly string[];
  readonly message: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly meta_range_id: string;
  readonly generation: number;
}

interface PageBody<Row> {
  readonly results: readonly Row[];
  readonly pagination: { readonly has_more: boolean; readonly next_offset: string };
}

/** Where staged objects are said to lie; nobody reads there. */
export const ELSEWHERE = '/tmp/elsewhere/';

interface ImportBody {
  readonly completed: boolean;
  readonly error?: object;
}

const IMPORT_ASK_MS = 20;
const IMPORT_ASKS_MAX = 1_000;

/** More than any history has on one page. */
const ALL = 1000;

/** One server that a history runs on, in a repository of its own. */
export class Side {
  readonly #authorization: string;
  readonly #ids: string[] = [];

  constructor(
    readonly address: SideAddress,
    private readonly repository: string,
  ) {
    const pair = `${address.accessKeyId}:${address.secretAccessKey}`;
    this.#authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  }

  async open(): Promise<void> {
    const wish = {
      name: this.repository,
      storage_namespace: `local://side-by-side/${this.repository}`,
      default_branch: 'main',
    };
    const { status, body } = await this.#send('POST', '/repositories', wish, '');
    if (status !== 201) throw new Error(`${this.address.name}: ${status} ${JSON.stringify(body)}`);
    await this.observe('main');
  }

  /** Takes a repository away that a history is done with. */
  async close(): Promise<void> {
    await this.#send('DELETE', '');
  }

  /** Sends a step; what comes back holds numbers for the commits' ids. */
  async take(step: Step): Promise<Answered> {
    const { method, path, body } = this.#requestOf(step);
    const answer = await this.#send(method, path, body);
    if (step.do === 'import' && answer.status === 202) return this.#imported(path, answer);
    return { status: answer.status, body: this.#read(step, answer) };
  }

  /** Waits for an import's end; what it fails with is told by no status, so it counts as 400. */
  async #imported(path: string, { status, body }: Answered): Promise<Answered> {
    const { id } = body as { id: string };
    for (let asked = 0; asked < IMPORT_ASKS_MAX; asked++) {
      const now = await this.#get<ImportBody>(`${path}?id=${id}`);
      if (now.error) return { status: 400, body: undefined };
      if (now.completed) return { status, body: undefined };
      await delay(IMPORT_ASK_MS);
    }
    throw new SideFault(`${this.address.name}: import ${id} does not end`);
  }

  async observe(branch: string): Promise<Observed> {
    const { commit_id: id } = await this.#get<{ commit_id: string }>(`/branches/${branch}`);
    const commit = await this.#get<CommitBody>(`/commits/${id}`);
    const head = this.#numberOf(id);
    const metadata = Object.entries(commit.metadata ?? {}).map(([key, value]) => [
      key,
      this.#ids.includes(value) ? `#${this.#ids.indexOf(value)}` : value,
    ]);
    const objects = await this.#get<PageBody<ObservedObject>>(
      `/refs/${branch}/objects/ls?amount=${ALL}`,
    );
    const changes = await this.#get<PageBody<{ type: string; path: string }>>(
      `/branches/${branch}/diff?amount=${ALL}`,
    );
    return {
      head,
      metaRange: commit.meta_range_id,
      parents: commit.parents.map((parent) => this.#numberOf(parent)),
      message: commit.message,
      metadata: Object.fromEntries(metadata.toSorted()),
      generation: commit.generation,
      objects: objects.results.map(shownOf),
      uncommitted: changes.results.map(({ type, path }) => `${type} ${path}`),
    };
  }

  #requestOf(step: Step): { method: string; path: string; body?: object } {
    const branch = 'branch' in step ? `/branches/${step.branch}` : '';
    switch (step.do) {
      case 'stage': {
        const { entry, path } = step;
        const body = {
          physical_address: entry.address,
          checksum: entry.checksum,
          size_bytes: entry.sizeBytes,
          mtime: entry.modifiedAt,
          content_type: entry.contentType,
          metadata: entry.metadata,
        };
        return { method: 'PUT', path: `${branch}/objects?path=${encodeURIComponent(path)}`, body };
      }
      case 'unstage':
        return {
          method: 'DELETE',
          path: `${branch}/objects?path=${encodeURIComponent(step.path)}`,
        };
      case 'commit': {
        const { message, metadata, date, allowsEmpty } = step;
        const body = { message, metadata, date, allow_empty: allowsEmpty };
        return { method: 'POST', path: `${branch}/commits`, body };
      }
      case 'branch': {
        const body = { name: step.branch, source: this.#ref(step.from) };
        return { method: 'POST', path: '/branches', body };
      }
      case 'delete branch':
        return { method: 'DELETE', path: branch };
      case 'tag':
        return { method: 'POST', path: '/tags', body: { id: step.tag, ref: this.#ref(step.of) } };
      case 'delete tag':
        return { method: 'DELETE', path: `/tags/${step.tag}` };
      case 'reset': {
        const path = step.scope === 'reset' ? {} : { path: step.path };
        return { method: 'PUT', path: branch, body: { type: step.scope, ...path } };
      }
      case 'import': {
        const { sources, message } = step;
        const paths = sources.map(({ type, path, destination }) => {
          return { type, path: `local://${IMPORT_FOLDER}/${path}`, destination };
        });
        return { method: 'POST', path: `${branch}/import`, body: { paths, commit: { message } } };
      }
      case 'hard reset':
        return { method: 'PUT', path: `${branch}/hard_reset?ref=${this.#escaped(step.to)}` };
      case 'merge':
      case 'revert':
      case 'cherry-pick':
        return this.#merging(step);
      default:
        return { method: 'GET', path: this.#readPath(step) };
    }
  }

  #merging(step: Extract<Step, { do: 'merge' | 'revert' | 'cherry-pick' }>) {
    const method = 'POST';
    const branch = `/branches/${step.branch}`;
    if (step.do === 'merge') {
      const { strategy, isSquash, allowsEmpty, message } = step;
      const options = { squash_merge: isSquash, allow_empty: allowsEmpty };
      const path = `/refs/${this.#escaped(step.source)}/merge/${step.branch}`;
      return { method, path, body: { message, strategy, ...options } };
    }
    const ref = this.#ref(step.of);
    const { message, parent } = step;
    if (step.do === 'revert') {
      const options = { parent_number: parent, allow_empty: step.allowsEmpty };
      const body = { ref, commit_overrides: { message }, ...options };
      return { method, path: `${branch}/revert`, body };
    }
    const { metadata } = step;
    const options = { commit_overrides: metadata ? { message, metadata } : { message } };
    const body = { ref, ...options, ...(parent === undefined ? {} : { parent_number: parent }) };
    return { method, path: `${branch}/cherry-pick`, body };
  }

  #readPath(step: Extract<Step, { do: 'diff' | 'list' | 'log' | 'merge base' }>): string {
    switch (step.do) {
      case 'diff': {
        const { left, right, type, prefix, delimiter } = step;
        const query = queryOf({ type, prefix, delimiter, amount: ALL });
        return `/refs/${this.#escaped(left)}/diff/${this.#escaped(right)}?${query}`;
      }
      case 'list': {
        const { prefix, delimiter, after, amount } = step;
        const query = queryOf({ prefix, delimiter, after, amount });
        return `/refs/${this.#escaped(step.ref)}/objects/ls?${query}`;
      }
      case 'log': {
        const query = queryOf({ amount: ALL, first_parent: step.isFirstParent });
        return `/refs/${this.#escaped(step.ref)}/commits?${query}`;
      }
      case 'merge base':
        return `/refs/${this.#escaped(step.source)}/merge/${step.branch}`;
    }
  }

  /** Returns what a reading step was told; of others the branch says what they did. */
  #read(step: Step, { status, body }: Answered): unknown {
    if (status >= 300) return undefined;
    switch (step.do) {
      case 'diff':
        return (body as PageBody<{ type: string; path: string }>).results.map(
          ({ type, path }) => `${type} ${path}`,
        );
      case 'list': {
        const { results, pagination } = body as PageBody<ObservedObject>;
        return { paths: results.map(({ path }) => path), hasMore: pagination.has_more };
      }
      case 'log':
        return (body as PageBody<CommitBody>).results.map(({ id }) => this.#numberOf(id));
      case 'merge base': {
        const base = body as Record<`${'base' | 'source' | 'destination'}_commit_id`, string>;
        return this.#numberOf(base.base_commit_id);
      }
      default:
        return undefined;
    }
  }

  #numberOf(id: string): number {
    const known = this.#ids.indexOf(id);
    return known < 0 ? this.#ids.push(id) - 1 : known;
  }

  #ref(ref: RefText): string {
    return ref.replace(/^#(\d+)/, (_, number: string) => this.#ids[Number(number)] ?? 'unknown');
  }

  #escaped(ref: RefText): string {
    return encodeURIComponent(this.#ref(ref));
  }

  async #get<Body>(path: string): Promise<Body> {
    const { status, body } = await this.#send('GET', path);
    if (status === 200) return body as Body;
    throw new SideFault(`${this.address.name}: ${path}: ${status} ${JSON.stringify(body)}`);
  }

  async #send(
    method: string,
    path: string,
    body?: object,
    below = `/repositories/${this.repository}`,
  ): Promise<Answered> {
    const headers: Record<string, string> = { authorization: this.#authorization };
    if (body) headers['content-type'] = 'application/json';
    const response = await fetch(`${this.address.url}/api/v1${below}${path}`, {
      method,
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    return { status: response.status, body: jsonOf(text) };
  }
}

/** lakeFS's local store says where a file would lie on its server; ours what was staged. */
function shownOf(object: ObservedObject): ObservedObject {
  const { physical_address: address } = object;
  return { ...object, physical_address: address.slice(address.indexOf(ELSEWHERE)) };
}

function queryOf(values: Readonly<Record<string, string | number | boolean>>): string {
  const given = Object.entries(values).filter(([, value]) => value !== '');
  const query = new URLSearchParams();
  for (const [key, value] of given) query.set(key, String(value));
  return query.toString();
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
