import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { wholeApp, type WholeApp } from './whole-app.js';

let app: WholeApp;
beforeAll(async () => {
  app = await wholeApp();
}, 30_000);
afterAll(() => app.close());

const api = '/api/v1';
const at = (ref: string) => encodeURIComponent(ref);

/** This millisecond, once it is over. */
async function now(): Promise<string> {
  const nowMs = Date.now();
  while (Date.now() === nowMs) await new Promise((resolve) => setImmediate(resolve));
  return new Date(nowMs).toISOString();
}

interface Entry {
  readonly operation: string;
  readonly ref: string;
  readonly ref_before: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly position: number;
  readonly revision: number;
  readonly message: string;
}

/** A repository of its own, told in short what to do. */
class Told {
  constructor(readonly name: string) {}

  async call(method: string, path: string, body?: object): Promise<Response> {
    return app.call(`${api}${path}`, {
      method,
      ...(body && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
  }

  static async open(name: string): Promise<Told> {
    const told = new Told(name);
    await told.do('POST', '/repositories', { name, storage_namespace: `local://${name}` });
    return told;
  }

  async do(method: string, path: string, body?: object): Promise<unknown> {
    const response = await this.call(method, path, body);
    const text = await response.text();
    expect({ path, status: response.status < 300, text }).toMatchObject({ status: true });
    return text.startsWith('{') ? JSON.parse(text) : text;
  }

  get(path: string): Promise<unknown> {
    return this.do('GET', `/repositories/${this.name}${path}`);
  }

  post(path: string, body: object): Promise<unknown> {
    return this.do('POST', `/repositories/${this.name}${path}`, body);
  }

  async refused(method: string, path: string, body?: object): Promise<[number, string]> {
    const response = await this.call(method, `/repositories/${this.name}${path}`, body);
    const { message } = (await response.json()) as { message: string };
    return [response.status, message];
  }

  async put(branch: string, path: string, text: string): Promise<void> {
    const url = `${api}/repositories/${this.name}/branches/${branch}/objects?path=${path}`;
    expect((await app.call(url, { method: 'POST', body: text })).status).toBe(201);
  }

  async text(ref: string, path: string): Promise<string> {
    const url = `${api}/repositories/${this.name}/refs/${at(ref)}/objects?path=${path}`;
    return (await app.call(url)).text();
  }

  async commit(branch: string, message: string): Promise<string> {
    const made = (await this.post(`/branches/${branch}/commits`, { message })) as { id: string };
    return made.id;
  }

  async paths(ref: string): Promise<string[]> {
    const { results } = (await this.get(`/refs/${at(ref)}/objects/ls`)) as {
      results: { path: string }[];
    };
    return results.map(({ path }) => path);
  }

  async reflog(branch: string): Promise<Entry[]> {
    const path = `/moraine/repositories/${this.name}/branches/${branch}/reflog`;
    return ((await this.do('GET', path)) as { results: Entry[] }).results;
  }
}

describe('a ref as of a moment', () => {
  it('reads, stats, lists and differs over any operation that takes a ref', async () => {
    const lake = await Told.open('moments-read');
    await lake.put('main', 'a', 'one');
    const first = await lake.commit('main', 'first');
    await lake.put('main', 'a', 'two');
    await lake.put('main', 'b', 'new');
    const then = `main@{${await now()}}`;
    await lake.do('DELETE', '/repositories/moments-read/branches/main/objects?path=a');
    const second = await lake.commit('main', 'second');

    expect(await lake.paths('main')).toEqual(['b']);
    expect(await lake.paths(then)).toEqual(['a', 'b']);
    expect(await lake.paths(`${then}@`)).toEqual(['a']);
    expect(await lake.paths(`${then}~1`)).toEqual([]);
    expect([await lake.text(then, 'a'), await lake.text(`${then}@`, 'a')]).toEqual(['two', 'one']);
    const object = `/refs/${at(then)}/objects`;
    expect(await lake.get(`${object}/stat?path=a`)).toMatchObject({ path: 'a', size_bytes: 3 });
    expect(await lake.get(`${object}/underlyingProperties?path=a`)).toBeDefined();
    const head = await lake.call('HEAD', `/repositories/moments-read${object}?path=b`);
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '3']);

    const uncommitted = {
      results: [
        { type: 'changed', path: 'a' },
        { type: 'added', path: 'b' },
      ],
    };
    expect(await lake.get(`/branches/${at(then)}/diff`)).toMatchObject(uncommitted);
    const twoDot = (left: string, right: string) =>
      lake.get(`/refs/${at(left)}/diff/${at(right)}?type=two_dot`);
    expect(await twoDot(`${then}@`, `${then}$`)).toMatchObject(uncommitted);
    expect(await twoDot(then, 'main')).toMatchObject({
      results: [
        { type: 'removed', path: 'a' },
        { type: 'added', path: 'b' },
      ],
    });
    expect(await lake.get(`/refs/${at(then)}/diff/main`)).toMatchObject({
      results: [{ type: 'removed' }, { type: 'added' }],
    });
    expect(await lake.get(`/branches/${at(then)}`)).toEqual({ id: then, commit_id: first });
    expect(await lake.get(`/refs/${at(then)}/commits`)).toMatchObject({
      results: [{ id: first }, { message: 'Repository created' }],
    });
    expect(await lake.get(`/commits/${at(then)}`)).toMatchObject({ id: first });
    expect(await lake.get(`/refs/${at('main@{0}')}/merge/${at('main@{1}')}`)).toEqual({
      source_commit_id: second,
      destination_commit_id: first,
      base_commit_id: first,
    });
  });

  it('is where branches, tags and operations come from, and is not written to', async () => {
    const lake = await Told.open('moments-from');
    await lake.put('main', 'a', 'one');
    const first = await lake.commit('main', 'first');
    await lake.put('main', 'a', 'two');
    const second = await lake.commit('main', 'second');
    expect(await lake.post('/branches', { name: 'old', source: 'main@{1}' })).toBe(first);
    expect(await lake.post('/tags', { id: 'v1', ref: 'main@{1}' })).toMatchObject({
      commit_id: first,
    });
    await lake.do('POST', `/repositories/moments-from/refs/${at('main@{0}')}/merge/old`, {});
    expect(await lake.text('old', 'a')).toBe('two');
    await lake.do('POST', '/repositories/moments-from/branches/main/revert', {
      ref: 'main@{0}',
      parent_number: 0,
    });
    expect(await lake.text('main', 'a')).toBe('one');
    await lake.do('POST', '/repositories/moments-from/branches/main/cherry-pick', {
      ref: 'main@{1}',
    });
    expect(await lake.text('main', 'a')).toBe('two');
    const reset = `/repositories/moments-from/branches/main/hard_reset?ref=${at('main@{3}')}`;
    await lake.do('PUT', reset);
    expect(await lake.get('/branches/main')).toMatchObject({ commit_id: first });
    const shown = (await lake.reflog('main')).map(({ operation, from, to }) => [
      operation,
      from === second || to === second,
    ]);
    expect(shown).toEqual([
      ['hard-reset', false],
      ['cherry-pick', false],
      ['revert', true],
      ['commit', true],
      ['commit', false],
      ['create', false],
    ]);
    const past = `/branches/${at('main@{1}')}`;
    const [status] = await lake.refused('POST', `${past}/commits`, { message: 'm' });
    expect(status).toBe(400);
    expect((await lake.refused('DELETE', past))[0]).toBe(400);
    expect((await lake.refused('POST', `${past}/objects?path=a`))[0]).toBe(400);
  });

  it('names a branch that was deleted, and one of the same name before it', async () => {
    const lake = await Told.open('moments-lives');
    await lake.post('/branches', { name: 'dev', source: 'main' });
    await lake.put('dev', 'first-life', '1');
    await lake.do('DELETE', '/repositories/moments-lives/branches/dev');
    await lake.put('main', 'a', '1');
    await lake.post('/branches', { name: 'dev', source: 'main' });
    await lake.put('dev', 'second-life', '2');
    await lake.do('DELETE', '/repositories/moments-lives/branches/dev');
    const entries = await lake.reflog('dev');
    expect(entries.map(({ operation }) => operation)).toEqual([
      'delete',
      'create',
      'delete',
      'create',
    ]);
    const [gone, back, deleted, created] = entries;
    expect(await lake.paths(gone?.ref_before ?? '')).toEqual(['second-life']);
    expect(await lake.paths(deleted?.ref_before ?? '')).toEqual(['first-life']);
    expect(await lake.paths(back?.ref ?? '')).toEqual([]);
    const ls = (ref = '') => lake.refused('GET', `/refs/${at(ref)}/objects/ls`);
    expect(await ls(gone?.ref)).toEqual([404, expect.stringMatching(/ deleted before/)]);
    expect(await ls(back?.ref_before)).toEqual([404, expect.stringMatching(/ deleted before/)]);
    expect(await ls(created?.ref_before)).toEqual([404, expect.stringMatching(/ was later$/)]);
  });

  it('names what a tag named then', async () => {
    const lake = await Told.open('moments-tags');
    await lake.put('main', 'a', '1');
    await lake.commit('main', 'first');
    await lake.post('/tags', { id: 'v1.0', ref: 'main' });
    const before = await lake.reflog('main');
    await lake.do('DELETE', '/repositories/moments-tags/tags/v1.0');
    await lake.put('main', 'b', '2');
    await lake.commit('main', 'second');
    await lake.post('/tags', { id: 'v1.0', ref: 'main' });
    expect(await lake.paths('v1.0')).toEqual(['a', 'b']);
    expect(await lake.paths('v1.0@{r0}')).toEqual(['a']);
    expect(await lake.paths('v1.0.at.r0')).toEqual(['a']);
    expect(await lake.paths('v1.0@{r2}')).toEqual(['a', 'b']);
    const tags = (ref: string) => lake.refused('GET', `/refs/${at(ref)}/objects/ls`);
    expect(await tags('v1.0@{r1}')).toEqual([404, expect.stringMatching(/deleted before/)]);
    expect((await tags(`v1.0@{p${before[0]?.position ?? 0}}`))[0]).toBe(404);
    // What is really called so goes first.
    await lake.post('/tags', { id: 'main.at.0', ref: 'main@{1}' });
    expect(await lake.paths('main.at.0')).toEqual(['a']);
  });

  it('is refused, and said why, when it says nothing, or nothing yet', async () => {
    const lake = await Told.open('moments-none');
    const ls = (ref: string) => lake.refused('GET', `/refs/${at(ref)}/objects/ls`);
    expect(await ls('main@{soon}')).toEqual([400, expect.stringMatching(/^main@\{soon\}: /)]);
    const future = [400, expect.stringMatching(/future/)];
    expect(await ls('main@{2999-01-01T00:00:00Z}')).toEqual(future);
    expect(await ls('main@{p99999999}')).toEqual(future);
    expect(await ls('main@{r99}')).toEqual(future);
    const never = [404, expect.stringMatching(/later$/)];
    expect(await ls('main@{2001-01-01T00:00:00Z}')).toEqual(never);
    expect(await ls('main@{p0}')).toEqual(never);
    expect(await ls('main@{7}')).toEqual([404, expect.stringMatching(/not moved so often$/)]);
    expect(await ls('nobody@{1}')).toEqual([404, 'not found']);
    const { commit_id } = (await lake.get('/branches/main')) as { commit_id: string };
    expect((await ls(`${commit_id}@{1}`))[0]).toBe(400);
    const reflog = '/../moraine/repositories/moments-none/branches/none/reflog';
    expect((await lake.refused('GET', reflog))[0]).toBe(404);
  });
});

describe('a moment that is too large', () => {
  it('is refused, but for what was committed', async () => {
    const small = await wholeApp({ pastChangesMax: 3 });
    const keep = app;
    app = small;
    try {
      const lake = await Told.open('moments-large');
      for (const path of ['a', 'b', 'c', 'd']) await lake.put('main', path, path);
      const ls = (ref: string) => lake.refused('GET', `/refs/${at(ref)}/objects/ls`);
      expect(await ls('main@{0}')).toEqual([400, expect.stringMatching(/ 3 events/)]);
      expect(await lake.paths('main@{0}@')).toEqual([]);
      expect(await lake.paths('main')).toEqual(['a', 'b', 'c', 'd']);
    } finally {
      app = keep;
      await small.close();
    }
  });
});
