import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ChangePull } from '../../src/commands/pull/change-pull.js';
import { MergePull } from '../../src/commands/pull/merge-pull.js';
import { OpenPull } from '../../src/commands/pull/open-pull.js';
import { ChangeBranchRules } from '../../src/commands/repository/change-branch-rules.js';
import { WriteSymlinks } from '../../src/commands/repository/write-symlinks.js';
import { checksumOf, type BranchRules } from '../../src/domain/repository/branch-rules.js';
import { GetBranchRules } from '../../src/queries/get-branch-rules.js';
import { GetPull } from '../../src/queries/get-pull.js';
import { ListPulls } from '../../src/queries/list-pulls.js';
import { pull } from '../support/samples/pull.samples.js';
import { json, type RunningEdge, runEdge, silent, told } from './running-edge.js';
import { commitId, standIns } from './stand-ins.js';

const LAKE = '/api/v1/repositories/lake';
const SETTINGS = `${LAKE}/settings/branch_protection`;
const INTERNAL = `${LAKE}/branch_protection`;
const PULLS = `${LAKE}/pulls`;
const rules: BranchRules = {
  revision: 2,
  rules: [{ pattern: 'rel-*', blocks: ['staging_write', 'commit'] }],
};
const blocks = ['staging_write', 'commit'];

let edge: RunningEdge;
beforeAll(async () => {
  edge = await runEdge(
    new Map([
      ...standIns,
      [GetBranchRules, () => rules],
      [ChangeBranchRules, () => undefined],
      [OpenPull, () => pull.id],
      [GetPull, () => ({ ...pull, mergedCommitId: commitId, closedAtMs: 1_700_000_001_000 })],
      [ListPulls, () => ({ items: [pull], hasMore: false, nextOffset: '' })],
      [ChangePull, () => undefined],
      [MergePull, () => commitId],
      [WriteSymlinks, () => 'local://lake/symlinks'],
    ]),
  );
});
afterAll(() => edge.close());

describe('rules on branches', () => {
  it.each([SETTINGS, INTERNAL])('are listed at %s, by patterns, under a checksum', async (url) => {
    const response = await edge.call(url);
    expect(response.headers.get('etag')).toBe(checksumOf(rules));
    expect(await told(response)).toEqual([200, [{ pattern: 'rel-*' }]]);
  });

  it('are replaced, all of them or those of a checksum alone', async () => {
    const body = json([{ pattern: 'a' }, { pattern: 'b' }], 'PUT');
    expect(await silent(await edge.call(SETTINGS, body))).toBe(204);
    expect(edge.last(ChangeBranchRules).change).toEqual({
      type: 'SetBranchRules',
      rules: [
        { pattern: 'a', blocks },
        { pattern: 'b', blocks },
      ],
      expected: undefined,
    });
    const headers = { ...Object.fromEntries(new Headers(body.headers)), 'if-match': 'abc' };
    await edge.call(SETTINGS, { ...body, headers });
    expect(edge.last(ChangeBranchRules).change).toMatchObject({ expected: 'abc' });
  });

  it.each([
    [{}, 'body: must be a list of rules'],
    [[{}], '0.pattern: must be a string'],
    [['a'], '0: must be an object'],
    [[{ pattern: 'a' }, { pattern: '' }], 'pattern: must not be empty'],
  ])('are not replaced by %j', async (body, message) => {
    const [status, answer] = await told(await edge.call(SETTINGS, json(body, 'PUT')));
    expect([status, answer]).toEqual([400, { message }]);
  });

  it('are added and taken away one by one', async () => {
    expect(await silent(await edge.call(INTERNAL, json({ pattern: 'x' })))).toBe(204);
    expect(edge.last(ChangeBranchRules).change).toEqual({
      type: 'AddBranchRule',
      rule: { pattern: 'x', blocks },
    });
    expect(await silent(await edge.call(INTERNAL, json({ pattern: 'x' }, 'DELETE')))).toBe(204);
    expect(edge.last(ChangeBranchRules).change).toEqual({ type: 'RemoveBranchRule', pattern: 'x' });
    expect(await silent(await edge.call(`${INTERNAL}/set_allowed`))).toBe(204);
  });
});

describe('pull requests', () => {
  it('are opened, looked up and listed, in a list without what they are about', async () => {
    const body = { title: 't', source_branch: 'work', destination_branch: 'main' };
    expect(await told(await edge.call(PULLS, json(body)))).toEqual([201, { id: pull.id }]);
    expect(edge.last(OpenPull).wish).toEqual({
      title: 't',
      description: '',
      source: 'work',
      destination: 'main',
    });
    expect(await told(await edge.call(`${PULLS}/${pull.id}`))).toMatchObject([
      200,
      { status: 'open', description: 'why, and how', merged_commit_id: commitId },
    ]);
    const [, list] = await told(await edge.call(`${PULLS}?status=open&prefix=4`));
    expect(list).toMatchObject({ results: [{ id: pull.id, title: 'a title', author: 'ann' }] });
    expect(JSON.stringify(list)).not.toContain('description');
    expect(edge.last(ListPulls).filter).toEqual({ prefix: '4', status: 'open' });
  });

  it('are changed in part, and merged', async () => {
    const url = `${PULLS}/${pull.id}`;
    expect(await silent(await edge.call(url, json({ status: 'closed' }, 'PATCH')))).toBe(204);
    expect(edge.last(ChangePull).change).toEqual({
      title: undefined,
      description: undefined,
      status: 'closed',
    });
    expect(await told(await edge.call(`${url}/merge`, { method: 'PUT' }))).toEqual([
      200,
      { reference: commitId },
    ]);
  });

  it.each([
    [`${PULLS}/bad`, {}],
    [`${PULLS}?status=merged`, {}],
    [PULLS, json({ title: 't', source_branch: 'a b', destination_branch: 'main' })],
    [PULLS, json({ title: 't', source_branch: 'a' })],
    [`${PULLS}/${pull.id}`, json({ status: 'gone' }, 'PATCH')],
  ])('are refused that cannot be: %s %j', async (url, init) =>
    expect((await told(await edge.call(url, init)))[0]).toBe(400),
  );
});

describe('symlinks', () => {
  it('are written for a branch, or for what is under a prefix of it', async () => {
    const url = `${LAKE}/refs/main/symlink?location=a%2F`;
    expect(await told(await edge.call(url, { method: 'POST' }))).toEqual([
      201,
      { location: 'local://lake/symlinks' },
    ]);
    expect(edge.last(WriteSymlinks)).toMatchObject({ branch: 'main', prefix: 'a/' });
  });
});
