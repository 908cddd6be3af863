import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CommitBranch } from '../../src/commands/branch/commit-branch.js';
import { DeleteBranch } from '../../src/commands/branch/delete-branch.js';
import { CancelImport } from '../../src/commands/import/cancel-import.js';
import { StartImport } from '../../src/commands/import/start-import.js';
import { StageObject } from '../../src/commands/object/stage-object.js';
import { DeleteRepository } from '../../src/commands/repository/delete-repository.js';
import { branchStream } from '../../src/domain/branch/branch.stream.js';
import type { BranchId, ImportId, ObjectPath } from '../../src/domain/model.js';
import type { RepositoryRecord } from '../../src/domain/repository/repository.events.js';
import { GetImport } from '../../src/queries/get-import.js';
import { GetRepositoryMetadata } from '../../src/queries/get-repository-metadata.js';
import { LogCommits } from '../../src/queries/log-commits.js';
import { OpenObject } from '../../src/queries/open-object.js';
import { StatObject } from '../../src/queries/stat-object.js';
import { readLog } from '../linear/log-event.js';
import { over } from '../linear/planted/defect.js';
import { Dying } from '../support/dying.js';
import {
  branchOff,
  from,
  imported,
  main,
  old,
  one,
  pathsOn,
  repositoryIn,
  sourceOf,
  startImport,
} from '../support/imports.js';
import { inMemory, type TestMoraine } from '../support/moraine.js';

const FREE = { isForced: false };
/** Longer than a job may be silent. */
const LONG_MS = 60_000;

let dying: Dying;
let moraine: TestMoraine;
beforeEach(async () => {
  dying = new Dying();
  moraine = await inMemory(dying.wrap);
  await sourceOf(moraine, 'in/a', 'in/sub/b', 'in/sub.c', 'in2/d', 'one');
});
afterEach(() => moraine.close());

const stage = (path: string) => ({
  path: path as ObjectPath,
  physicalAddress: `${old}/one`,
  checksum: 'x',
  sizeBytes: 1,
  modifiedAtMs: 1000,
  contentType: 'text/plain',
  metadata: [],
  isForced: false,
});

describe('an import', () => {
  it('brings objects onto a branch from where they lie', async () => {
    const lake = await repositoryIn(moraine, 'lake');
    const done = await imported(moraine, lake, from('in', 'to/'), one('one', 'single'));
    expect(done).toMatchObject({ ingestedCount: 4, error: null });
    expect(done.commit).toMatchObject({
      message: 'in',
      committer: 'tester',
      generation: 2,
      metadata: [
        ['by', 'test'],
        ['.lakefs.merge.strategy', 'source-wins'],
      ],
    });
    expect(await pathsOn(moraine, lake)).toEqual(['single', 'to/a', 'to/sub.c', 'to/sub/b']);
    const found = await moraine.ask(new StatObject(lake.name, main, 'to/sub/b' as ObjectPath));
    expect(found.entry).toMatchObject({ address: `${old}/in/sub/b`, addressType: 'full' });
    const bytes = await moraine.ask(new OpenObject(lake.name, found, undefined));
    expect(Buffer.concat(await bytes.toArray()).toString()).toBe('body of in/sub/b');
  });

  it('notes its time at the repository', async () => {
    const lake = await repositoryIn(moraine, 'lake');
    const { commit } = await imported(moraine, lake, from('in', ''));
    expect(await moraine.ask(new GetRepositoryMetadata(lake.name))).toEqual([
      ['.lakefs.last.import.timestamp', String((commit?.createdAtMs ?? 0) / 1000)],
    ]);
  });

  it('replaces what stands below its destinations, and nothing else', async () => {
    const lake = await repositoryIn(moraine, 'lake');
    await imported(moraine, lake, from('', 'all/'), from('in', 'to/'), from('in', 'to2/'));
    await imported(moraine, lake, from('in2', 'to/'), one('one', 'all/one'));
    expect(await pathsOn(moraine, lake)).toEqual([
      'all/in/a',
      'all/in/sub.c',
      'all/in/sub/b',
      'all/in2/d',
      'all/one',
      'to/d',
      'to2/a',
      'to2/sub.c',
      'to2/sub/b',
    ]);
    await imported(moraine, lake, from('in2', ''));
    expect(await pathsOn(moraine, lake)).toEqual(['d']);
  });

  it('makes its commit also when it brings nothing new', async () => {
    const lake = await repositoryIn(moraine, 'lake');
    const first = await imported(moraine, lake, from('in', 'to/'));
    const again = await imported(moraine, lake, from('in', 'to/'));
    expect(again.commit).toMatchObject({ parents: [first.commit?.id], generation: 3 });
    expect(again.commit?.metaRangeId).toBe(first.commit?.metaRangeId);
  });

  it('fails on a branch with staged changes, which stay', async () => {
    const lake = await repositoryIn(moraine, 'lake');
    await moraine.execute(new StageObject(lake.name, main, stage('mine'), moraine.newRequest()));
    const { commit, error } = await imported(moraine, lake, from('in', 'to/'));
    expect([commit, error]).toEqual([null, expect.stringContaining('dirty branch')]);
    expect(await pathsOn(moraine, lake)).toEqual(['mine']);
  });

  it.each([
    ['of another store', { kind: 'prefix', uri: 's3://bucket/x', prefix: '' }],
    ['outside of what may be read', { kind: 'prefix', uri: 'local:///etc', prefix: '' }],
    ['that is not there', one('none', 'x')],
    ['whose paths would be too long', from('in', 'long/'.repeat(205))],
  ] as const)('fails with a source %s', async (_, source) => {
    const lake = await repositoryIn(moraine, 'lake');
    const { commit, error } = await imported(moraine, lake, source);
    expect([commit, error]).toEqual([null, expect.stringContaining('error on ingest: ')]);
    expect(await pathsOn(moraine, lake)).toEqual([]);
  });

  it.each(['local://lake', 'local://lake/data', 'local://lak', 'local://'])(
    'is refused from the repository itself: %s',
    async (uri) => {
      const lake = await repositoryIn(moraine, 'lake');
      const started = startImport(moraine, lake, [{ kind: 'prefix', uri, prefix: '' }]);
      await expect(started).rejects.toMatchObject({ code: 'import_source_invalid' });
    },
  );

  it('is refused without its branch', async () => {
    const lake = await repositoryIn(moraine, 'lake');
    const none = startImport(moraine, lake, [from('in', '')], 'none' as typeof main);
    await expect(none).rejects.toMatchObject({ code: 'branch_not_found' });
  });

  it('is another repository’s business', async () => {
    const [lake, pond] = [await repositoryIn(moraine, 'lake'), await repositoryIn(moraine, 'pond')];
    const id = await startImport(moraine, lake, [from('in', '')]);
    await moraine.finishJobs();
    const elsewhere = moraine.ask(new GetImport(pond.name, id));
    await expect(elsewhere).rejects.toMatchObject({ code: 'import_not_found' });
  });

  it('is asked for once by one command', async () => {
    const lake = await repositoryIn(moraine, 'lake');
    const request = moraine.newRequest();
    const wish = { sources: [from('in', '')], message: '', metadata: [], isForced: false };
    const start = () => moraine.execute(new StartImport(lake.name, main, wish, request));
    expect(await start()).toBe(await start());
    await moraine.finishJobs();
    const page = { after: '', amount: 10 };
    const { items } = await moraine.ask(new LogCommits(lake.name, main, page, NO_FILTER));
    expect(items.map(({ message }) => message)).toEqual(['Import objects', 'Repository created']);
  });
});

const NO_FILTER: LogCommits['filter'] = {
  isFirstParentOnly: false,
  sinceMs: undefined,
  stopAt: undefined,
  objects: [],
  prefixes: [],
  endsWithPage: false,
};

describe('cancelling an import', () => {
  it('keeps it off the branch, and can be said again', async () => {
    const lake = await repositoryIn(moraine, 'lake');
    const id = await startImport(moraine, lake, [from('in', '')]);
    const cancel = () => moraine.execute(new CancelImport(lake.name, id, moraine.newRequest()));
    await cancel();
    await cancel();
    await moraine.finishJobs();
    expect(await moraine.ask(new GetImport(lake.name, id))).toMatchObject({
      commit: null,
      error: 'Canceled',
    });
    expect(await pathsOn(moraine, lake)).toEqual([]);
  });

  it('is refused when it is done, or was never asked for', async () => {
    const lake = await repositoryIn(moraine, 'lake');
    const id = await startImport(moraine, lake, [from('in', '')]);
    await moraine.finishJobs();
    const late = moraine.execute(new CancelImport(lake.name, id, moraine.newRequest()));
    await expect(late).rejects.toMatchObject({ code: 'import_completed' });
    const none = new CancelImport(lake.name, 'none' as ImportId, moraine.newRequest());
    await expect(moraine.execute(none)).rejects.toMatchObject({ code: 'import_not_found' });
  });
});

describe('an import whose node dies', () => {
  const sources = [from('in', 'to/'), one('one', 'single')];
  const whole = ['single', 'to/a', 'to/sub.c', 'to/sub/b'];

  it.each([true, false])(
    'is finished by another, once, wherever it was cut (append landed: %s)',
    async (isLanding) => {
      dying.isLanding = isLanding;
      let cuts = 0;
      for (let at = 0; ; at++) {
        const lake = await repositoryIn(moraine, `lake-${isLanding ? 'l' : 'n'}-${at}`);
        const branch = await branchOff(moraine, lake, 'work');
        dying.appendsLeft = at + 1;
        const id = await startImport(moraine, lake, sources, branch);
        await moraine.finishJobs();
        const isCut = dying.appendsLeft < 0;
        dying.repair();
        if (!isCut) break;
        cuts++;
        await moraine.restart();
        dying.aheadMs += LONG_MS;
        await moraine.finishJobs();
        const done = await moraine.ask(new GetImport(lake.name, id));
        expect(done).toMatchObject({ ingestedCount: 4, error: null });
        expect(await pathsOn(moraine, lake, branch)).toEqual(whole);
        expect(done.commit?.generation).toBe(2);
        const metadata = await moraine.ask(new GetRepositoryMetadata(lake.name));
        expect(metadata.map(([key]) => key)).toEqual(['.lakefs.last.import.timestamp']);
      }
      // The request, the tree, the intent and its result, the time, the end.
      expect(cuts).toBeGreaterThanOrEqual(4);
    },
  );

  it('is left alone while it says that it lives', async () => {
    const lake = await repositoryIn(moraine, 'lake');
    dying.appendsLeft = 1;
    const id = await startImport(moraine, lake, sources);
    await moraine.finishJobs();
    dying.repair();
    await moraine.restart();
    await moraine.finishJobs();
    expect(await moraine.ask(new GetImport(lake.name, id))).toMatchObject({
      commit: null,
      error: null,
    });
  });

  it('fails when its branch is gone meanwhile, and is forgotten with its repository', async () => {
    const lake = await repositoryIn(moraine, 'lake');
    const branch = await branchOff(moraine, lake, 'work');
    dying.appendsLeft = 1;
    const id = await startImport(moraine, lake, sources, branch);
    await moraine.finishJobs();
    dying.repair();
    const options = { isForced: false };
    const request = moraine.newRequest();
    await moraine.execute(new DeleteBranch(lake.name, branch, options, request));
    dying.aheadMs += LONG_MS;
    await moraine.finishJobs();
    expect((await moraine.ask(new GetImport(lake.name, id))).error).toContain('branch not found');
    dying.appendsLeft = 1;
    await startImport(moraine, lake, sources);
    await moraine.finishJobs();
    dying.repair();
    await moraine.execute(new DeleteRepository(lake.name, options, moraine.newRequest()));
    dying.aheadMs += LONG_MS;
    await moraine.finishJobs();
    expect(await rowsLeft()).toEqual([]);
  });

  it('is done when its branch goes behind its commit, wherever its node died', async () => {
    const ends = { done: 0, failed: 0 };
    dying.isLanding = true;
    for (let at = 0; ; at++) {
      const lake = await repositoryIn(moraine, `lake-${at}`);
      const branch = await branchOff(moraine, lake, 'work');
      dying.appendsLeft = at + 1;
      const id = await startImport(moraine, lake, sources, branch);
      await moraine.finishJobs();
      const isCut = dying.appendsLeft < 0;
      dying.repair();
      if (!isCut) break;
      await moraine.restart();
      await moraine.execute(new DeleteBranch(lake.name, branch, FREE, moraine.newRequest()));
      dying.aheadMs += LONG_MS;
      await moraine.finishJobs();
      const { commit, error } = await moraine.ask(new GetImport(lake.name, id));
      const merged = await mergedOn(lake, branch);
      expect([at, commit?.id, error === null]).toEqual([at, merged[0], merged.length === 1]);
      ends[commit ? 'done' : 'failed']++;
    }
    expect(Math.min(ends.done, ends.failed)).toBeGreaterThan(0);
  });

  it('does not come onto a branch by a node that had lost it when it failed', async () => {
    const { promise: isFree, resolve: free } = Promise.withResolvers<void>();
    const { promise: isHeld, resolve: hold } = Promise.withResolvers<void>();
    const { adapters } = moraine;
    const { log } = adapters;
    const append: typeof log.append = async (appends, context) => {
      if (appends.some(({ events }) => events.some(({ type }) => type === 'IntentRequested'))) {
        hold();
        await isFree;
      }
      return log.append(appends, context);
    };
    const slow = await inMemory(() => ({ ...adapters, log: over(log, { append }) }));
    try {
      const lake = await repositoryIn(moraine, 'lake');
      const branch = await branchOff(moraine, lake, 'work');
      const id = await startImport(slow, lake, sources, branch);
      await isHeld;
      await moraine.execute(new DeleteBranch(lake.name, branch, FREE, moraine.newRequest()));
      dying.aheadMs += LONG_MS;
      await moraine.finishJobs();
      const { error } = await moraine.ask(new GetImport(lake.name, id));
      expect(error).toContain('branch not found');
      await branchOff(moraine, lake, 'work');
      free();
      await slow.finishJobs();
      expect(await mergedOn(lake, branch)).toEqual([]);
      expect(await pathsOn(moraine, lake, branch)).toEqual([]);
    } finally {
      free();
      await slow.close();
    }
  });

  const mergedOn = async ({ uid }: RepositoryRecord, branch: BranchId) =>
    (await readLog(moraine.adapters.log))
      .filter(({ stream, type }) => stream === branchStream(uid, branch) && type === 'Merged')
      .map(({ data }) => (data as { commit: { id: string } }).commit.id);

  const rowsLeft = async () => {
    const [rows = []] = await moraine.adapters.kv.read([
      { kind: 'scan', partition: 'imports/@running', limit: 10 },
    ]);
    return rows;
  };
});

describe('what is known of an import', () => {
  it('is forgotten a day after its end', async () => {
    const lake = await repositoryIn(moraine, 'lake');
    const id = await startImport(moraine, lake, [from('in', '')]);
    await moraine.finishJobs();
    dying.aheadMs += 23 * 60 * LONG_MS;
    await moraine.finishJobs();
    await moraine.ask(new GetImport(lake.name, id));
    dying.aheadMs += 2 * 60 * LONG_MS;
    await moraine.finishJobs();
    const forgotten = moraine.ask(new GetImport(lake.name, id));
    await expect(forgotten).rejects.toMatchObject({ code: 'import_not_found' });
    expect(await pathsOn(moraine, lake)).toHaveLength(3);
  });

  it('is told by views that can be built anew', async () => {
    const lake = await repositoryIn(moraine, 'lake');
    await imported(moraine, lake, from('in', ''));
    const wish = { message: 'm', metadata: [], dateMs: undefined, allowsEmpty: true };
    const commit = new CommitBranch(
      lake.name,
      main,
      { ...wish, isForced: false },
      moraine.newRequest(),
    );
    await moraine.execute(commit);
    for (const name of ['imports', 'commits', 'branches']) {
      expect(await moraine.rebuilder.rebuild(name, { swap: false })).toMatchObject({
        differing: [],
      });
    }
  });
});
