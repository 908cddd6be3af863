import { contentsOf, type Line } from './book.js';
import { type Answer, Caller, Waiting } from './caller.js';
import type { Node } from './node.js';

const READERS = 8;

interface Page<Item> {
  readonly results: readonly Item[];
  readonly pagination: { readonly has_more: boolean; readonly next_offset: string };
}

interface Commit {
  readonly id: string;
  readonly message: string;
  readonly parents: readonly string[];
}

/** Holds what one node shows of a repository against what clients of all nodes were told. */
export class Answers {
  readonly #caller: Caller;
  readonly #wrong: string[] = [];

  constructor(
    node: Node,
    private readonly repository: string,
    private readonly lines: readonly Line[],
  ) {
    this.#caller = new Caller({ nodes: [node], faults: this.#wrong }, new Waiting(), {
      first: 0,
      isPinned: true,
    });
  }

  /** Says what is lost, torn, there twice, or there though it was refused. */
  async wrong(): Promise<readonly string[]> {
    for (const branch of this.#branches()) {
      await this.#checkContents(branch);
      await this.#checkLog(branch);
    }
    await this.#checkHolds();
    await this.#checkNames();
    await this.#checkImports();
    return this.#wrong;
  }

  /** Those that are there, as far as anybody was told. */
  #branches(): readonly string[] {
    const there = new Set(['main']);
    for (const line of this.lines) {
      if (line.kind === 'branch') there.add(line.branch);
      if (line.kind === 'no branch') there.delete(line.branch);
    }
    return [...there];
  }

  async #checkContents(branch: string): Promise<void> {
    const contents = contentsOf(this.lines, branch);
    const listed = await this.#pages<{ path: string; checksum: string }>(
      `/refs/${branch}/objects/ls`,
    );
    const names = listed.map(({ path }) => path);
    const inOrder = [...new Set(names)].toSorted((a, b) => Buffer.compare(bytes(a), bytes(b)));
    this.#same(names, inOrder, `${branch}: its names, each once and in order`);
    const shown = new Map(listed.map(({ path, checksum }) => [path, checksum]));
    const imports = /^in-\d+\//;
    // What a branch was made from is not written down for it: of one with a source, its own paths.
    const isWhole = branch === 'main';
    for (const [path, checksum] of shown) {
      if (contents.has(path) || imports.test(path) || !isWhole) continue;
      this.#wrong.push(`${branch}: ${path} is there, and nobody put it there (${checksum})`);
    }
    const look = contents.entries();
    const check = async (): Promise<void> => {
      for (const [path, allowed] of look) await this.#checkContent(branch, path, allowed, shown);
    };
    await Promise.all(Array.from({ length: READERS }, check));
  }

  async #checkContent(
    branch: string,
    path: string,
    allowed: ReadonlySet<string | null>,
    shown: ReadonlyMap<string, string>,
  ): Promise<void> {
    const is = shown.get(path) ?? null;
    if (!allowed.has(is)) {
      const told = [...allowed].join(' or ');
      this.#wrong.push(`${branch}: ${path} lists ${is}, and clients were told ${told}`);
      return;
    }
    const url = `/refs/${branch}/objects?path=${encodeURIComponent(path)}`;
    const read = await this.#ask(url);
    if (read.status !== (is === null ? 404 : 200)) {
      this.#wrong.push(`${branch}: ${path} lists ${is} and reads ${read.status} ${read.text}`);
    } else if (is !== null && !is.includes('-') && read.etag !== `"${is}"`) {
      this.#wrong.push(`${branch}: ${path} lists ${is} and reads ${read.etag}`);
    }
  }

  async #checkLog(branch: string): Promise<void> {
    const log = await this.#pages<Commit>(`/refs/${branch}/commits`);
    const messages = log.map(({ message }) => message);
    const twice = messages.filter((message, at) => messages.indexOf(message) !== at);
    this.#same(twice, [], `${branch}: no commit twice`);
    const known = new Map(log.map(({ id, message }) => [id, message]));
    for (const line of this.lines) {
      if (line.kind === 'commit' && line.branch === branch && known.get(line.id) !== line.message) {
        this.#wrong.push(`${branch}: the commit "${line.message}" is lost`);
      }
      if (line.kind === 'no commit' && line.branch === branch && messages.includes(line.message)) {
        this.#wrong.push(`${branch}: the commit "${line.message}" was refused, and is there`);
      }
    }
  }

  async #checkHolds(): Promise<void> {
    const holds = this.lines.filter((line) => line.kind === 'holds').values();
    const check = async (): Promise<void> => {
      for (const { id, path, md5 } of holds) {
        const stat = await this.#ask(`/refs/${id}/objects/stat?path=${encodeURIComponent(path)}`);
        if (stat.status === 200 && stat.text.includes(md5)) continue;
        this.#wrong.push(
          `commit ${id} does not hold ${path}, which was there before: ${stat.text}`,
        );
      }
    };
    await Promise.all(Array.from({ length: READERS }, check));
  }

  async #checkNames(): Promise<void> {
    for (const line of this.lines) {
      if (line.kind === 'tag') {
        const tag = await this.#ask(`/tags/${line.tag}`);
        if (!tag.text.includes(line.id)) this.#wrong.push(`tag ${line.tag} is lost: ${tag.text}`);
      }
      if (line.kind === 'no repository') {
        const gone = await this.#ask('', line.repository);
        if (gone.status !== 404) this.#wrong.push(`${line.repository} was deleted, and is there`);
      }
      if (line.kind === 'restored') {
        const main = await this.#ask('/branches/main', line.repository);
        if (!main.text.includes(line.id)) this.#wrong.push(`${line.repository} is not restored`);
      }
      if (line.kind === 'no branch' && !this.#branches().includes(line.branch)) {
        const gone = await this.#ask(`/branches/${line.branch}`);
        if (gone.status !== 404) this.#wrong.push(`${line.branch} was deleted, and is there`);
      }
    }
  }

  async #checkImports(): Promise<void> {
    for (const line of this.lines) {
      if (line.kind !== 'import') continue;
      const seen = await this.#ask(`/branches/${line.branch}/import?id=${line.id}`);
      const { completed, ingested_objects: count } = JSON.parse(seen.text) as {
        completed?: boolean;
        ingested_objects?: number;
      };
      if (completed === true && count === line.count) continue;
      this.#wrong.push(`import ${line.id}: ${seen.text.slice(0, 300)}`);
    }
  }

  #same(got: readonly string[], wanted: readonly string[], what: string): void {
    if (JSON.stringify(got) === JSON.stringify(wanted)) return;
    const first = got.find((each, at) => each !== wanted[at]) ?? wanted[got.length];
    this.#wrong.push(`${what}: not so at ${first}`);
  }

  async #ask(path: string, repository = this.repository): Promise<Answer> {
    const answer = await this.#caller.ask(`/repositories/${repository}${path}`);
    if (!answer) throw new Error('a read is never sent but once');
    return answer;
  }

  async #pages<Item>(path: string): Promise<readonly Item[]> {
    const items: Item[] = [];
    for (let after = ''; ;) {
      const { status, text } = await this.#ask(
        `${path}?amount=1000&after=${encodeURIComponent(after)}`,
      );
      if (status !== 200) {
        this.#wrong.push(`${path}: ${status} ${text}`);
        return items;
      }
      const { results, pagination } = JSON.parse(text) as Page<Item>;
      items.push(...results);
      if (!pagination.has_more) return items;
      after = pagination.next_offset;
    }
  }
}

const bytes = (text: string): Buffer => Buffer.from(text);
