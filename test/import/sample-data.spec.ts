import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { AddSampleData } from '../../src/commands/repository/add-sample-data.js';
import type { ObjectPath } from '../../src/domain/model.js';
import { LogCommits, WHOLE_LOG } from '../../src/queries/log-commits.js';
import { OpenObject } from '../../src/queries/open-object.js';
import { StatObject } from '../../src/queries/stat-object.js';
import { main, pathsOn, repositoryIn } from '../support/imports.js';
import { inMemory, type TestMoraine } from '../support/moraine.js';

let moraine: TestMoraine;
beforeEach(async () => {
  moraine = await inMemory();
});
afterEach(() => moraine.close());

it('a repository with samples has a few files, committed, that say what they are', async () => {
  const lake = await repositoryIn(moraine, 'lake');
  await moraine.execute(new AddSampleData(lake, moraine.newRequest()));
  const paths = await pathsOn(moraine, lake, 'main@');
  expect(paths).toEqual([
    'README.md',
    'data/lakes.csv',
    'data/lakes.jsonl',
    'data/lakes.schema.json',
    'images/deepest.svg',
  ]);
  const page = { after: '', amount: 10 };
  const { items } = await moraine.ask(new LogCommits(lake.name, main, page, WHOLE_LOG));
  expect(items.map(({ message }) => message)).toEqual(['Add sample data', 'Repository created']);
  const text = async (path: string) => {
    const found = await moraine.ask(new StatObject(lake.name, main, path as ObjectPath));
    const bytes = await moraine.ask(new OpenObject(lake.name, found, undefined));
    return Buffer.concat(await bytes.toArray()).toString();
  };
  const readme = await text('README.md');
  for (const path of paths.slice(1)) expect(readme).toContain(path);
  expect(readme).toContain('lakefs://lake/main');
  const rows = (await text('data/lakes.csv')).trim().split('\n');
  const lines = (await text('data/lakes.jsonl')).trim().split('\n');
  expect(lines).toHaveLength(rows.length - 1);
  const { required } = JSON.parse(await text('data/lakes.schema.json')) as { required: string[] };
  expect(rows[0]?.split(',')).toEqual(required);
  for (const line of lines) expect(Object.keys(JSON.parse(line) as object)).toEqual(required);
  expect(await text('images/deepest.svg')).toContain('Baikal, 1642 m');
});
