import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AUDIT_COLUMNS } from '../../src/api/audit-csv.js';
import { wholeApp, type WholeApp } from './whole-app.js';

const LAKE = '/api/v1/repositories/lake';
const OBJECTS = `${LAKE}/branches/main/objects`;
const AUDIT = '/api/v1/moraine/audit';
/** What a spreadsheet would run, and what a table must quote. */
const ODD_PATHS = ['=1+1', '+a', '-a', '@a', "'a", 'a,b', 'a"b', 'a\nb', 'a\rb', '\ta', 'ä/ö 😀'];

interface Told {
  readonly [field: string]: unknown;
}
interface Page {
  readonly pagination: { readonly has_more: boolean; readonly next_offset: string };
  readonly results: readonly Told[];
}

let app: WholeApp;
let beganAtMs: number;

beforeAll(async () => {
  app = await wholeApp();
  beganAtMs = Date.now();
  await created({ name: 'lake', storage_namespace: 'local://lake' });
  for (const path of ['a/b/c', 'a/b/d', 'x', ...ODD_PATHS]) await upload(path);
  await ok(app.call(`${OBJECTS}?path=a/b/c`, { method: 'DELETE' }));
  await ok(app.call(`${LAKE}/branches/main/commits`, json('POST', { message: 'first' })));
  await ok(app.call(`${LAKE}/branches/main`, json('PUT', { type: 'reset' })));
}, 60_000);
afterAll(() => app.close());

const json = (method: string, body: object): RequestInit => ({
  method,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
});

async function ok(response: Promise<Response>): Promise<Response> {
  const answer = await response;
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer;
}

const created = (repository: object) =>
  ok(app.call('/api/v1/repositories', json('POST', repository)));

const upload = (path: string) =>
  ok(app.call(`${OBJECTS}?path=${encodeURIComponent(path)}`, { method: 'POST', body: 'x' }));

const page = async (query: string): Promise<Page> =>
  (await (await ok(app.call(`${AUDIT}?${query}`))).json()) as Page;

const told = async (query: string): Promise<readonly Told[]> => (await page(query)).results;

/** Reads RFC 4180 by its own words. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  let [cell, at, isQuoted] = ['', 0, false];
  const put = (): void => void rows.at(-1)?.push(cell);
  while (at < text.length) {
    const next = text[at++] ?? '';
    if (isQuoted && next === '"' && text[at] === '"') [cell, at] = [cell + '"', at + 1];
    else if (next === '"') isQuoted = !isQuoted;
    else if (isQuoted || (next !== ',' && next !== '\r')) cell += next;
    else {
      put();
      cell = '';
      if (next === '\r') [at] = [at + 1, rows.push([])];
    }
  }
  return rows.slice(0, -1);
}

describe('the audit', () => {
  it('says who deleted an object, when, and by which request', async () => {
    const [deletion, ...others] = await told('path=a/b/c&type=delete%20object&repository=lake');
    expect(others).toEqual([]);
    expect(deletion).toEqual({
      time: expect.any(String),
      caller: 'admin',
      operation: 'delete object',
      repository: 'lake',
      repository_uid: expect.stringMatching(/^[0-9a-v]{20}$/),
      branch: 'main',
      path: 'a/b/c',
      type: 'ObjectUnstaged',
      request_id: expect.any(String),
      command_id: expect.any(String),
      position: expect.any(Number),
    });
    expect(Date.parse(String(deletion?.['time']))).toBeGreaterThanOrEqual(beganAtMs);
    const ofRequest = await told(`request_id=${String(deletion?.['request_id'])}`);
    expect(ofRequest).toEqual([deletion]);
  });

  it('finds what happened below a prefix, and what reached over it', async () => {
    const found = await told('prefix=a/b/&order=oldest');
    expect(found.map(({ operation, path, prefixes }) => [operation, path ?? prefixes])).toEqual([
      ['write object', 'a/b/c'],
      ['write object', 'a/b/d'],
      ['delete object', 'a/b/c'],
      ['reset', ['']],
    ]);
  });

  it('links the commit that an operation made', async () => {
    const [commit] = await told('type=commit');
    const found = await ok(app.call(`${LAKE}/commits/${String(commit?.['commit_id'])}`));
    expect(((await found.json()) as Told)['message']).toBe('first');
    expect(await told(`commit_id=${String(commit?.['commit_id'])}`)).toEqual([commit]);
  });

  it('knows a repository that was deleted, and the one that has its name now', async () => {
    await created({ name: 'pond', storage_namespace: 'local://pond-1' });
    await ok(app.call('/api/v1/repositories/pond', { method: 'DELETE' }));
    await created({ name: 'pond', storage_namespace: 'local://pond-2' });
    const found = await told('repository=pond&order=oldest');
    const operations = found.map(({ operation }) => operation);
    const life = ['create branch', 'create repository'];
    expect(operations.slice(0, 2).toSorted()).toEqual(life);
    expect(operations.slice(2, 4)).toEqual(['delete repository', 'delete branch']);
    expect(operations.slice(4).toSorted()).toEqual(life);
    expect(new Set(found.map((each) => each['repository'])).size).toBe(1);
    const uids = [...new Set(found.map((each) => String(each['repository_uid'])))];
    expect(uids).toHaveLength(2);
    const first = await told(`repository_uid=${uids[0]}&order=oldest`);
    expect(first.map(({ operation }) => operation)).toEqual(operations.slice(0, 4));
  });

  it('goes from page to page, in both directions', async () => {
    const all = await told('amount=1000');
    for (const order of ['newest', 'oldest']) {
      const found: Told[] = [];
      for (let after = ''; ;) {
        const { results, pagination } = await page(`order=${order}&amount=3&after=${after}`);
        found.push(...results);
        after = pagination.next_offset;
        if (!pagination.has_more) break;
      }
      expect(found).toEqual(order === 'newest' ? all : all.toReversed());
    }
  });

  it('comes as a table that no spreadsheet runs, and that holds the same', async () => {
    const all = await told('order=oldest&amount=1000');
    const wishes = [
      app.call(`${AUDIT}?order=oldest&format=csv`),
      app.call(`${AUDIT}?order=oldest`, { headers: { accept: 'text/csv' } }),
    ];
    for (const wish of wishes) {
      const response = await ok(wish);
      expect(response.headers.get('content-type')).toMatch(/^text\/csv/);
      const [names, ...rows] = parseCsv(await response.text());
      expect(names).toEqual([...AUDIT_COLUMNS]);
      expect(rows.flat().filter((cell) => /^[=+\-@\t\r\n]/.test(cell))).toEqual([]);
      const read = rows.map((row) =>
        Object.fromEntries(row.map((cell, at) => [AUDIT_COLUMNS[at], cell.replace(/^'/, '')])),
      );
      const meant = all.map((record) =>
        Object.fromEntries(
          AUDIT_COLUMNS.map((column) => {
            const value = record[column] ?? '';
            return [column, typeof value === 'object' ? JSON.stringify(value) : String(value)];
          }),
        ),
      );
      expect(read).toEqual(meant);
    }
    const paths = all.map((record) => record['path']);
    for (const path of ODD_PATHS) expect(paths).toContain(path);
  });

  it('shows steps to those who ask for them', async () => {
    const opened = await told('type=TokenOpened');
    expect(new Set(opened.map(({ type }) => type))).toEqual(new Set(['TokenOpened']));
    const few = await told('amount=1000');
    const more = await told('amount=1000&steps=true');
    expect(few.filter(({ operation }) => operation === 'step')).toEqual([]);
    expect(more.filter(({ operation }) => operation !== 'step')).toEqual(few);
    expect(more.length).toBeGreaterThan(few.length);
  });

  it('finds the merge that brought an object, when moves are asked for', async () => {
    const side = { name: 'side', source: 'main' };
    await ok(app.call(`${LAKE}/branches`, json('POST', side)));
    const body = 'merged';
    await ok(app.call(`${LAKE}/branches/side/objects?path=m/o`, { method: 'POST', body }));
    await ok(app.call(`${LAKE}/branches/side/commits`, json('POST', { message: 'side' })));
    await ok(app.call(`${LAKE}/refs/side/merge/main`, json('POST', {})));
    const onMain = 'repository=lake&branch=main&type=merge';
    expect(await told(`${onMain}&path=m/o`)).toEqual([]);
    const [merge, ...others] = await told(`${onMain}&path=m/o&moves=true`);
    expect(others).toEqual([]);
    expect(merge).toMatchObject({ operation: 'merge', caller: 'admin', branch: 'main' });
    expect(await told(`${onMain}&prefix=m/&moves=true`)).toEqual([merge]);
    expect(await told(`${onMain}&path=m/other&moves=true`)).toEqual([]);
  });

  it('is told to nobody who is not known', async () => {
    expect((await fetch(app.url + AUDIT)).status).toBe(401);
    expect((await fetch(`${app.url}${AUDIT}?format=csv`)).status).toBe(401);
  });

  it.each([
    ['cller=ada', 'cller'],
    ['since=monday', 'since'],
    ['type=comit', "did you mean 'commit'"],
    ['after=x', 'after'],
    ['order=up', 'order'],
    ['format=xml', 'format'],
    ['branch=a..b', 'branch'],
    ['repository=No', 'repository'],
  ])('refuses %s, and names what is wrong', async (query, named) => {
    const response = await app.call(`${AUDIT}?${query}`);
    expect(response.status).toBe(400);
    expect(((await response.json()) as Told)['message']).toContain(named);
  });
});
