import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { json, told } from './running-edge.js';
import { wholeApp, type WholeApp } from './whole-app.js';

const LAKE = '/repositories/lake';
const MAIN = `${LAKE}/branches/main`;

let app: WholeApp;
let head: string;

/** What lakeFS's own clients show to people, or compare: each asked of lakeFS 1.84 first. */
beforeAll(async () => {
  app = await wholeApp();
  await ask('/repositories', { name: 'lake', storage_namespace: 'local://words' });
  await ask(`${LAKE}/tags`, { id: 'v1', ref: 'main' });
  const [, branch] = await ask(MAIN);
  head = (branch as { commit_id: string }).commit_id;
}, 30_000);
afterAll(() => app.close());

function send(path: string, body?: unknown, method?: string): Promise<Response> {
  return app.call(`/api/v1${path}`, body === undefined ? {} : json(body, method));
}

const ask = async (path: string, body?: unknown, method?: string) =>
  told(await send(path, body, method));

const said = (status: number, message: string) => [status, { message }];

describe('a name that is taken', () => {
  it('says by what', async () => {
    expect(await ask(`${LAKE}/branches`, { name: 'v1', source: 'main' })).toEqual(
      said(409, 'tag ID v1: conflict found'),
    );
    expect(await ask(`${LAKE}/tags`, { id: 'main', ref: 'main' })).toEqual(
      said(409, 'branch name main: conflict found'),
    );
  });

  it('may be a commit’s id, for a branch as for a tag', async () => {
    const taken = said(409, `commit ID ${head}: conflict found`);
    expect(await ask(`${LAKE}/branches`, { name: head, source: 'main' })).toEqual(taken);
    expect(await ask(`${LAKE}/tags`, { id: head, ref: 'main' })).toEqual(taken);
  });

  it('is not one that only looks like a commit’s id', async () => {
    const name = 'f'.repeat(64);
    const { status } = await send(`${LAKE}/branches`, { name, source: 'main' });
    expect(status).toBe(201);
  });
});

describe('what is not there', () => {
  it.each([
    ['/commits/nope', 'commit not found'],
    ['/commits/main~9', 'commit not found'],
    ['/branches/nope/diff', 'branch not found'],
    ['/branches/v1/diff', 'branch not found'],
    ['/refs/nope/objects/ls', 'not found'],
  ])('%s: %s', async (path, message) => {
    expect(await ask(LAKE + path)).toEqual(said(404, message));
  });

  it('is named when it is a new branch’s source', async () => {
    expect(await ask(`${LAKE}/branches`, { name: 'dev', source: 'nope' })).toEqual(
      said(404, "source reference 'nope': not found"),
    );
  });
});

describe('a branch that was never written to', () => {
  it('has nothing that is not committed', async () => {
    await send(`${LAKE}/branches`, { name: 'fresh', source: 'main' });
    expect(await ask(`${LAKE}/branches/fresh/diff`)).toMatchObject([200, { results: [] }]);
  });
});

describe('a log', () => {
  it('takes an empty since and stop_at as none, as the command line sends them', async () => {
    const path = `${LAKE}/refs/main/commits?amount=100&since=&stop_at=`;
    expect(await ask(path)).toMatchObject([200, { results: [{ id: head }] }]);
  });
});

describe('an object that lies elsewhere', () => {
  const elsewhere = (physical_address: string) => ({
    physical_address,
    checksum: 'c',
    size_bytes: 5,
  });
  const stage = (path: string, body: object) =>
    ask(`${MAIN}/objects?path=${path}`, body, 'PUT') as Promise<[number, object]>;

  it('may have an address with no host, and no data that this store can reach', async () => {
    const [status, staged] = await stage('far', elsewhere('local:///far/file'));
    expect([status, staged]).toMatchObject([201, { physical_address: 'local:///far/file' }]);
    expect(await ask(`${LAKE}/refs/main/objects?path=far`)).toEqual(said(410, 'No data'));
  });

  it('may not have another store’s address', async () => {
    expect(await stage('s3', elsewhere('s3://bucket/key'))).toEqual(
      said(400, 'physical address is not valid for block adapter: local'),
    );
  });

  it('is listed with its metadata only when it has some', async () => {
    await stage('meta/none', elsewhere('local:///a'));
    await stage('meta/some', { ...elsewhere('local:///b'), metadata: { k: 'v' } });
    const list = `${LAKE}/refs/main/objects/ls?prefix=meta/`;
    const [, all] = (await ask(list)) as [number, { results: object[] }];
    expect(all.results.map((each) => ('metadata' in each ? each.metadata : 'left out'))).toEqual([
      'left out',
      { k: 'v' },
    ]);
    const [, none] = (await ask(`${list}&user_metadata=false`)) as [number, { results: object[] }];
    expect(none.results.filter((each) => 'metadata' in each)).toEqual([]);
  });
});
