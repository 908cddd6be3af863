import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CommitBranch } from '../../src/commands/branch/commit-branch.js';
import { CreateBranch } from '../../src/commands/branch/create-branch.js';
import { DeleteBranch } from '../../src/commands/branch/delete-branch.js';
import { StageObject } from '../../src/commands/object/stage-object.js';
import { DeleteRepository } from '../../src/commands/repository/delete-repository.js';
import { CreateTag } from '../../src/commands/tag/create-tag.js';
import { DiffBranch } from '../../src/queries/diff-branch.js';
import { DiffRefs } from '../../src/queries/diff-refs.js';
import { ListBranches } from '../../src/queries/list-branches.js';
import { ListObjects } from '../../src/queries/list-objects.js';
import { ListRepositories } from '../../src/queries/list-repositories.js';
import { LogCommits } from '../../src/queries/log-commits.js';
import { json, type RunningEdge, runEdge, silent, told } from './running-edge.js';
import { commitId, entry, standIns } from './stand-ins.js';

const API = '/api/v1';
const LAKE = `${API}/repositories/lake`;
let edge: RunningEdge;
beforeAll(async () => {
  edge = await runEdge(standIns);
});
afterAll(() => edge.close());

const lake = {
  id: 'lake',
  creation_date: 1_700_000_000,
  default_branch: 'main',
  storage_namespace: 'local://lake',
  storage_id: '',
  read_only: false,
};
const first = {
  id: commitId,
  parents: ['b4'.repeat(32)],
  committer: 'ada',
  message: 'a message',
  creation_date: 1_700_000_001,
  meta_range_id: '5f'.repeat(32),
  metadata: { k: 'v' },
  generation: 2,
  version: 1,
};
const listed = (...results: unknown[]) => ({
  pagination: { has_more: false, next_offset: '', results: results.length, max_per_page: 1000 },
  results,
});
const object = {
  path: 'a',
  path_type: 'object',
  physical_address: `local://lake/${entry.address}`,
  checksum: entry.checksum,
  size_bytes: 5,
  mtime: 1_700_000_002,
  metadata: { color: 'red' },
  content_type: 'text/plain',
};

describe('repositories', () => {
  it('are listed, created, looked up and deleted', async () => {
    expect(
      await told(await edge.call(`${API}/repositories?prefix=l&search=ak&after=a&amount=5`)),
    ).toEqual([200, listed(lake)]);
    expect(edge.last(ListRepositories)).toMatchObject({
      page: { after: 'a', amount: 5 },
      filter: { prefix: 'l', search: 'ak' },
    });
    const wish = { name: 'lake', storage_namespace: 'local://lake' };
    expect(await told(await edge.call(`${API}/repositories`, json(wish)))).toEqual([201, lake]);
    expect(await told(await edge.call(LAKE))).toEqual([200, lake]);
    expect(await silent(await edge.call(`${LAKE}?force=true`, { method: 'DELETE' }))).toBe(204);
    expect(edge.last(DeleteRepository).options).toEqual({ isForced: true });
  });

  it.each([[{ storage_id: 'other' }, 400, 'storage_id: no such storage']])(
    'cannot be created with %j',
    async (options, status, message) => {
      const wish = { name: 'lake', storage_namespace: 'local://lake', ...options };
      expect(await told(await edge.call(`${API}/repositories`, json(wish)))).toEqual([
        status,
        { message },
      ]);
    },
  );

  it('have metadata', async () => {
    expect(await told(await edge.call(`${LAKE}/metadata`))).toEqual([200, { k: 'v' }]);
    expect(await silent(await edge.call(`${LAKE}/metadata`, json({ metadata: { a: 'b' } })))).toBe(
      204,
    );
    expect(await silent(await edge.call(`${LAKE}/metadata`, json({ keys: ['a'] }, 'DELETE')))).toBe(
      204,
    );
    expect(await told(await edge.call(`${LAKE}/metadata`, json({})))).toEqual([
      400,
      { message: 'metadata: value is required but missing' },
    ]);
  });
});

describe('branches', () => {
  it('are listed, looked up and deleted', async () => {
    expect(await told(await edge.call(`${LAKE}/branches?show_hidden=true`))).toEqual([
      200,
      listed({ id: 'main', commit_id: commitId }),
    ]);
    expect(edge.last(ListBranches).filter).toEqual({ prefix: '', showsHidden: true });
    expect(await told(await edge.call(`${LAKE}/branches/dev`))).toEqual([
      200,
      { id: 'dev', commit_id: commitId },
    ]);
    expect(
      await silent(await edge.call(`${LAKE}/branches/dev?force=1`, { method: 'DELETE' })),
    ).toBe(204);
    expect(edge.last(DeleteBranch).options).toEqual({ isForced: true });
  });

  it('are created, and the answer is the bare commit id', async () => {
    const wish = json({ name: 'dev', source: 'main~1', hidden: null, force: true });
    const response = await edge.call(`${LAKE}/branches`, wish);
    expect([response.status, await response.text()]).toEqual([201, commitId]);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(edge.last(CreateBranch)).toMatchObject({
      repository: 'lake',
      wish: { branch: 'dev', sourceRef: 'main~1', isHidden: false, isForced: true },
      request: { caller: { user: 'ada', requestId: response.headers.get('x-request-id') } },
    });
  });

  it('are compared with what they have committed', async () => {
    const [status, diff] = await told(
      await edge.call(`${LAKE}/branches/main/diff?prefix=p&delimiter=/&after=a`),
    );
    expect([status, diff]).toEqual([
      200,
      listed(
        { type: 'added', path: 'a', path_type: 'object', size_bytes: 5 },
        { type: 'prefix_changed', path: 'b/', path_type: 'common_prefix' },
      ),
    ]);
    const { page, filter } = edge.last(DiffBranch);
    expect([page, filter]).toEqual([
      { after: 'a', amount: 100 },
      { prefix: 'p', delimiter: '/' },
    ]);
  });
});

describe('refs', () => {
  const diff = `${LAKE}/refs/main/diff/dev~1`;

  it('are compared, by three dots unless told otherwise', async () => {
    expect((await told(await edge.call(diff)))[0]).toBe(200);
    expect(edge.last(DiffRefs)).toMatchObject({
      between: { left: 'main', right: 'dev~1', kind: 'three-dot' },
      page: { after: '', amount: 100 },
      filter: { prefix: '', delimiter: '' },
    });
    await told(await edge.call(`${diff}?type=two_dot&prefix=a&delimiter=/&after=a/b&amount=2`));
    expect(edge.last(DiffRefs)).toMatchObject({
      between: { kind: 'two-dot' },
      page: { after: 'a/b', amount: 2 },
      filter: { prefix: 'a', delimiter: '/' },
    });
    expect((await told(await edge.call(`${diff}?type=both`)))[0]).toBe(400);
  });

  it('are compared with what is known of the objects, when that is asked for', async () => {
    const [, plain] = await told(await edge.call(diff));
    expect(plain).toMatchObject({ results: [expect.not.objectContaining({ right: {} }), {}] });
    const right = {
      checksum: entry.checksum,
      mtime: 1_700_000_002,
      content_type: 'text/plain',
      metadata: { color: 'red' },
    };
    expect(await told(await edge.call(`${diff}?include_right_stats=true`))).toEqual([
      200,
      listed(
        { type: 'conflict', path: 'a', path_type: 'object', size_bytes: 5, right },
        { type: 'prefix_changed', path: 'b/', path_type: 'common_prefix' },
      ),
    ]);
  });
});

describe('commits', () => {
  it('are made, looked up and listed', async () => {
    const wish = { message: 'm', metadata: { a: 'b' }, date: 7, allow_empty: true };
    expect(await told(await edge.call(`${LAKE}/branches/main/commits`, json(wish)))).toEqual([
      201,
      first,
    ]);
    expect(edge.last(CommitBranch).wish).toEqual({
      message: 'm',
      metadata: [['a', 'b']],
      dateMs: 7000,
      allowsEmpty: true,
      isForced: false,
    });
    expect(await told(await edge.call(`${LAKE}/commits/main~1`))).toEqual([200, first]);
    const log = `${LAKE}/refs/main/commits?first_parent=true&since=2023-11-14T22:13:20Z&stop_at=v1`;
    expect(await told(await edge.call(`${log}&limit=true`))).toEqual([200, listed(first)]);
    expect(edge.last(LogCommits).filter).toEqual({
      isFirstParentOnly: true,
      sinceMs: 1_700_000_000_000,
      stopAt: 'v1',
      objects: [],
      prefixes: [],
      endsWithPage: true,
    });
  });

  it('are listed by the paths that they changed, several of each kind', async () => {
    const log = `${LAKE}/refs/main/commits?objects=a&objects=b/c&prefixes=d%2F`;
    expect((await told(await edge.call(log)))[0]).toBe(200);
    expect(edge.last(LogCommits).filter).toMatchObject({
      objects: ['a', 'b/c'],
      prefixes: ['d/'],
      endsWithPage: false,
    });
    expect(await told(await edge.call(`${LAKE}/refs/main/commits?objects=`))).toEqual([
      400,
      { message: 'objects: empty value is not allowed' },
    ]);
  });

  it.each(['1', 1.5, -1, 1e15])('are not made with the date %j', async (date) => {
    const [status, body] = await told(
      await edge.call(`${LAKE}/branches/main/commits`, json({ message: 'm', date })),
    );
    expect([status, body]).toEqual([400, { message: expect.stringMatching(/^date: must/) }]);
  });

  it('are made of a metarange that is named', async () => {
    const of = (id: string) =>
      edge.call(`${LAKE}/branches/main/commits?source_metarange=${id}`, json({ message: 'm' }));
    expect((await of('a'.repeat(64))).status).toBe(201);
    expect(edge.last(CommitBranch).wish.tree).toBe('a'.repeat(64));
    for (const [id, reason] of [
      ['', 'empty value is not allowed'],
      ['main', 'must be 64 of 0-9 and a-f'],
    ] as const) {
      const message = `source_metarange: ${reason}`;
      expect(await told(await of(id))).toEqual([400, { message }]);
    }
  });
});

describe('tags', () => {
  it('are listed, created, looked up and deleted', async () => {
    const v1 = { id: 'v1', commit_id: commitId };
    expect(await told(await edge.call(`${LAKE}/tags`))).toEqual([200, listed(v1)]);
    expect(await told(await edge.call(`${LAKE}/tags`, json({ id: 'v1', ref: 'main' })))).toEqual([
      201,
      v1,
    ]);
    expect(edge.last(CreateTag).wish).toEqual({ tag: 'v1', ref: 'main', isForced: false });
    expect(await told(await edge.call(`${LAKE}/tags/v1`))).toEqual([200, v1]);
    expect(await silent(await edge.call(`${LAKE}/tags/v1`, { method: 'DELETE' }))).toBe(204);
  });
});

describe('objects', () => {
  it('are told of, with the metadata of their user or without', async () => {
    const stat = `${LAKE}/refs/main/objects/stat?path=a`;
    expect(await told(await edge.call(stat))).toEqual([200, object]);
    expect(await told(await edge.call(`${stat}&user_metadata=false`))).toEqual([
      200,
      { ...object, metadata: {} },
    ]);
  });

  it('are listed, common prefixes among them', async () => {
    const url = `${LAKE}/refs/main/objects/ls?prefix=p&delimiter=/&amount=2&after=`;
    const prefix = {
      path: 'b/',
      path_type: 'common_prefix',
      physical_address: '',
      checksum: '',
      mtime: 0,
    };
    expect(await told(await edge.call(url))).toEqual([
      200,
      {
        pagination: { has_more: true, next_offset: 'b/', results: 2, max_per_page: 1000 },
        results: [object, prefix],
      },
    ]);
    const { ref, page, filter } = edge.last(ListObjects);
    expect([ref, page, filter]).toEqual([
      'main',
      { after: '', amount: 2 },
      { prefix: 'p', delimiter: '/' },
    ]);
  });

  const staging = `${LAKE}/branches/main/objects?path=a`;
  const staged = { physical_address: 'local://b/k', checksum: 'c', size_bytes: 7 };

  it('are staged', async () => {
    const body = { ...staged, mtime: 9, content_type: 'a/b', force: true, metadata: { k: 'v' } };
    expect(await told(await edge.call(staging, json(body, 'PUT')))).toEqual([
      201,
      {
        path: 'a',
        path_type: 'object',
        physical_address: 'local://b/k',
        checksum: 'c',
        size_bytes: 7,
        mtime: 9,
        metadata: { k: 'v' },
        content_type: 'a/b',
      },
    ]);
    expect(edge.last(StageObject).object).toEqual({
      path: 'a',
      physicalAddress: 'local://b/k',
      checksum: 'c',
      sizeBytes: 7,
      modifiedAtMs: 9000,
      contentType: 'a/b',
      metadata: [['k', 'v']],
      isForced: true,
    });
  });

  it.each([
    [{ ...staged, physical_address: undefined }, 'physical_address: value is required but missing'],
    [{ ...staged, checksum: 5 }, 'checksum: must be a string'],
    [{ ...staged, size_bytes: '5' }, 'size_bytes: must be an integer'],
    [{ ...staged, size_bytes: 1.5 }, 'size_bytes: must be an integer'],
    [{ ...staged, size_bytes: -5 }, 'size_bytes: must not be negative'],
    [{ ...staged, mtime: 1e15 }, 'mtime: must be at most 253402300799'],
    [{ ...staged, force: 'yes' }, 'force: must be a boolean'],
    [{ ...staged, content_type: 7 }, 'content_type: must be a string'],
    [{ ...staged, checksum: '\u{d800}' }, 'checksum: is not valid Unicode'],
  ])('are not staged by %j', async (body, message) =>
    expect(await told(await edge.call(staging, json(body, 'PUT')))).toEqual([400, { message }]),
  );

  it('are asked for beforehand', async () => {
    const url = `${LAKE}/branches/main/objects/stage_allowed`;
    expect(await silent(await edge.call(`${url}?path=a`))).toBe(204);
    expect((await told(await edge.call(url)))[0]).toBe(400);
  });
});
