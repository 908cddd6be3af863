import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MergeIntoBranch } from '../../src/commands/branch/merge-into-branch.js';
import { ResetBranch } from '../../src/commands/branch/reset-branch.js';
import { discardedWords } from '../../src/commands/undo/discarded-words.js';
import { UndoBranch } from '../../src/commands/undo/undo-branch.js';
import type { Restatement } from '../../src/domain/branch/branch.events.js';
import { branchStream } from '../../src/domain/branch/branch.stream.js';
import type { ObjectPath } from '../../src/domain/model.js';
import { stagingStream, stagingToken } from '../../src/domain/staging/staging.stream.js';
import { RepositoriesView } from '../../src/projections/repositories.view.js';
import { ListObjects } from '../../src/queries/list-objects.js';
import { everyPage, lake, Lake, main } from '../queries/lake.js';
import { seed } from '../support/seed.js';
import { SeededRandom } from '../support/seeded-random.js';

const isForced = false;
let at: Lake;

beforeEach(async () => {
  at = await Lake.open();
});
afterEach(() => at.moraine.close());

async function listed(): Promise<readonly string[]> {
  const filter = { prefix: '', delimiter: '' };
  const items = await everyPage(1_000, (page) =>
    at.moraine.ask(new ListObjects(lake, 'main', page, filter)),
  );
  return items.map(({ path }) => path);
}

const undo = () => {
  const wish = { revision: undefined, commitId: undefined, isForced };
  return at.moraine.execute(new UndoBranch(lake, main, wish, at.moraine.newRequest()));
};

describe('an undo', () => {
  it('shows what a deletion of many had passed over, since it was not there then', async () => {
    // So many that a listing looks for a run of them.
    const others = Array.from({ length: 100 }, (_, index) => `d/${100 + index}`);
    await Promise.all([...others, 'd/150+'].map((path) => at.put('main', path, path)));
    await at.commit('main');
    await at.branch('other');
    await at.remove('other', 'd/150+');
    await at.commit('other');
    const brings = { sourceRef: 'other', message: '', metadata: [], isSquash: false };
    const merge = { ...brings, strategy: 'default', allowsEmpty: false, isForced } as const;
    await at.moraine.execute(new MergeIntoBranch(lake, main, merge, at.moraine.newRequest()));
    await at.remove('main', ...others);
    expect(await listed()).toEqual([]);
    await undo();
    expect(await listed()).toEqual(['d/150+']);
  });

  it('of a commit of many objects writes them in events of a bounded size', async () => {
    const paths = Array.from(
      { length: 1_100 },
      (_, index) => `o/${String(index).padStart(4, '0')}`,
    );
    await Promise.all(paths.map((path) => at.put('main', path, path)));
    await at.commit('main');
    expect(await undo()).toMatchObject({ restoredCount: paths.length });
    expect(await listed()).toEqual(paths);
    const { log, kv } = at.moraine.adapters;
    const { uid } = await new RepositoriesView(kv).get(lake);
    const token = stagingToken({ uid, branch: main, life: 0, ordinal: 2 });
    const options = { from: 0, direction: 'forward', limit: 100 } as const;
    const filled = await log.read(stagingStream(token), options);
    expect(filled.map(({ type }) => type)).toEqual([
      'TokenOpened',
      'WordsRestored',
      'WordsRestored',
      'TokenClosed',
    ]);
    const control = await log.read(branchStream(uid, main), options);
    for (const { data } of control) expect(JSON.stringify(data).length).toBeLessThan(4_000);
  });

  it(`reads what was thrown away in as many passes as it must, SEED=${seed}`, async () => {
    const random = new SeededRandom(seed);
    const paths = ['a', 'b', 'c/1', 'c/2', 'd', 'ä', '\u{1F600}'] as ObjectPath[];
    for (let write = 0; write < 40; write++) {
      const path = random.pick(paths);
      if (random.below(3) === 0) await at.remove('main', path);
      else await at.put('main', path, `v${write}`);
      const scope = { kind: 'prefix', prefix: random.pick(['c/', 'a', 'z']) } as const;
      const reset = new ResetBranch(lake, main, { scope, isForced }, at.moraine.newRequest());
      if (random.below(6) === 0) await at.moraine.execute(reset);
    }
    const { log, kv } = at.moraine.adapters;
    const repository = await new RepositoriesView(kv).get(lake);
    const { revision } = await log.end(branchStream(repository.uid, main));
    const place = { repository, branch: main };
    const of = { place, life: 0, tokens: { lo: 0, hi: 50 }, revision: revision + 1 };
    const words = async (pathsPerPass: number) => {
      const said: Restatement[] = [];
      for await (const word of discardedWords(log, of, { kind: 'all' }, pathsPerPass)) {
        said.push(word);
      }
      return said;
    };
    const inOne = await words(1_000);
    const shown = inOne.filter(({ entry }) => entry !== null).map(({ path }) => path);
    expect(shown).toEqual(await listed());
    for (const few of [1, 2, 3]) expect(await words(few)).toEqual(inOne);
  });
});
