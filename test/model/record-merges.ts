// Plays random merges on a running lakeFS and here, and keeps what lakeFS gave:
//
//   PEER_URL=… SIDE_ACCESS_KEY_ID=… SIDE_SECRET_ACCESS_KEY=… \
//     node scripts/run-ts.js test/model/record-merges.ts <seed> <count> [file]
//
// With `large` for a seed, the one large history, of `count` objects. Prints each history of which
// the ids differ, and a line of counts.
import { writeFileSync } from 'node:fs';
import { MemoryBlockStore } from '../../src/block-adapter/memory-block-store.js';
import { BlockCommittedStore } from '../../src/committed/block-committed-store.js';
import { isRagged } from '../../src/committed/ends-range.js';
import { sliceOf } from '../../src/committed/slice.js';
import type { StorageNamespace } from '../../src/domain/model.js';
import { DEFAULT_RANGE_PARAMETERS, type MergeStrategy } from '../../src/ports/committed-store.js';
import { assert } from '../../src/shared/assert.js';
import { SeededRandom } from '../support/seeded-random.js';
import {
  largeHistory,
  playMerge,
  ruledMerge,
  stagedAs,
  type MergeHistory,
  type MergeOutcome,
  type RecordedChange,
  type RecordedCommits,
  type RecordedMerge,
} from './recorded-merges.js';

const [seed = '1', count = '10', file] = process.argv.slice(2);
const url = `${process.env.PEER_URL ?? ''}/api/v1`;
const credentials = `${process.env.SIDE_ACCESS_KEY_ID}:${process.env.SIDE_SECRET_ACCESS_KEY}`;
const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
const repository = `merges-${seed}-${Date.now().toString(36)}`;

/** What of an answer is looked at. */
interface Answer {
  readonly id: string;
  readonly commit_id: string;
  readonly meta_range_id: string;
  readonly reference: string;
  readonly results: readonly { type: string; path: string; checksum: string }[];
}

async function call(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: Answer }> {
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: { authorization, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const isJson = text.startsWith('{');
  return { status: answer.status, body: isJson ? JSON.parse(text) : {} };
}

async function must(method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await call(method, path, body);
  if (answer.status < 300) return answer.body;
  throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

const AT_ONCE = 16;

/** Paths in order; every third ends a range wherever it stands. */
const paths = Array.from({ length: 12 }, (_, n) => {
  const folder = `k${String(n).padStart(2, '0')}`;
  let ragged = 0;
  const at = () => `${folder}/c${ragged}`;
  while (!isRagged(sliceOf(Buffer.from(at())), DEFAULT_RANGE_PARAMETERS.raggednessEntries))
    ragged++;
  return [`${folder}/a`, `${folder}/b`, at()];
}).flat();

type Tree = Map<string, readonly [number, number]>;

function randomChanges(random: SeededRandom, tree: Tree, times: number): RecordedChange[] {
  const before = new Set(tree.keys());
  const changes = new Map<string, readonly [number, number] | null>();
  const set = (path: string, of: readonly [number, number] | null) => {
    changes.set(path, of);
    if (of) tree.set(path, of);
    else tree.delete(path);
  };
  for (let time = 0; time < times; time++) {
    const path = random.pick(paths);
    const there = tree.get(path);
    const kind = random.below(5);
    if (kind === 0 && there) set(path, null);
    else if (kind === 1 && there) set(random.pick(paths), [there[0], 1 + random.below(3)]);
    else if (kind === 2 && there) {
      set(path, null);
      set(random.pick(paths), [there[0], 1 + random.below(3)]);
    } else set(path, [1 + random.below(4), 1 + random.below(3)]);
  }
  // What was not there cannot be deleted: it is not staged then, here and there.
  return [...changes].filter(([path, of]) => of !== null || before.has(path));
}

function randomHistory(random: SeededRandom): MergeHistory {
  const base: Tree = new Map();
  const filled = randomChanges(random, base, 4 + random.below(40));
  const side = (): RecordedCommits => {
    const tree: Tree = new Map(base);
    return Array.from({ length: random.below(6) === 0 ? 2 : 1 }, () =>
      randomChanges(random, tree, 1 + random.below(6)),
    );
  };
  const strategies: MergeStrategy[] = ['default', 'default', 'source-wins', 'dest-wins'];
  return { base: [filled], source: side(), destination: side(), strategy: random.pick(strategies) };
}

async function commit(branch: string, changes: readonly RecordedChange[]): Promise<string> {
  const objects = `/repositories/${repository}/branches/${branch}/objects`;
  const stage = async ([path, of]: RecordedChange) => {
    const at = `${objects}?path=${encodeURIComponent(path)}`;
    if (of) await must('PUT', at, stagedAs(of));
    else await call('DELETE', at);
  };
  for (let at = 0; at < changes.length; at += AT_ONCE) {
    await Promise.all(changes.slice(at, at + AT_ONCE).map(stage));
  }
  const commits = `/repositories/${repository}/branches/${branch}/commits`;
  const made = await call('POST', commits, {
    message: 'a',
    metadata: { n: String(Math.random()) },
  });
  if (made.status === 201) return made.body.id;
  // Nothing differs: the branch stays where it is.
  return (await must('GET', `/repositories/${repository}/branches/${branch}`)).commit_id;
}

async function branchFrom(name: string, source: string): Promise<void> {
  await must('POST', `/repositories/${repository}/branches`, { name, source });
}

const treeOf = async (id: string): Promise<string> =>
  (await must('GET', `/repositories/${repository}/commits/${id}`)).meta_range_id;

async function playOnPeer(history: MergeHistory, name: string): Promise<MergeOutcome> {
  const built = async (branch: string, from: string, commits: RecordedCommits) => {
    await branchFrom(branch, from);
    let id = '';
    for (const changes of commits) id = await commit(branch, changes);
    return id;
  };
  const base = await built(`${name}-base`, 'main', history.base);
  const source = await built(`${name}-source`, base, history.source);
  const destination = await built(`${name}-destination`, base, history.destination);
  const diff = await must(
    'GET',
    `/repositories/${repository}/refs/${destination}/diff/${source}?type=two_dot&amount=1000`,
  );
  const merge = `/repositories/${repository}/refs/${name}-source/merge/${name}-destination`;
  const strategy = history.strategy === 'default' ? {} : { strategy: history.strategy };
  const merged = await call('POST', merge, strategy);
  const isSame = merged.status === 400 && /no changes/.test(JSON.stringify(merged.body));
  if (merged.status !== 200 && merged.status !== 409 && !isSame) {
    throw new Error(`merge: ${merged.status} ${JSON.stringify(merged.body)}`);
  }
  const marks: Record<string, string> = { added: '+', removed: '-', changed: '~' };
  return {
    base: await treeOf(base),
    source: await treeOf(source),
    destination: await treeOf(destination),
    merged: isSame
      ? await treeOf(destination)
      : merged.status === 409
        ? null
        : await treeOf(merged.body.reference),
    differences: diff.results.map((each) => `${marks[each.type]}${each.path}`),
  };
}

/** Whether what lakeFS merged is not what the rule says, in content. */
async function isWrongOnPeer(
  history: MergeHistory,
  { base, source, destination, merged }: MergeOutcome,
  name: string,
): Promise<boolean> {
  assert(
    [base, source, destination].every((id) => id !== ''),
    'trees are there',
  );
  const wanted = ruledMerge(history);
  if (merged === null || !wanted) return (merged === null) !== (wanted === undefined);
  const list = `/repositories/${repository}/refs/${name}-destination/objects/ls?amount=1000`;
  const { results } = await must('GET', list);
  const found = results.map((each) => `${each.path}=${each.checksum}`);
  return found.join() !== wanted.join();
}

await must('POST', '/repositories', {
  name: repository,
  storage_namespace: `local://${repository}`,
  default_branch: 'main',
});
const random = new SeededRandom(Number(seed));
const recorded: RecordedMerge[] = [];
const counts = { same: 0, whereLakeFsIsWrong: 0, differing: 0 };
for (let n = 0; n < (seed === 'large' ? 1 : Number(count)); n++) {
  const history = seed === 'large' ? largeHistory(Number(count)) : randomHistory(random);
  const outcome = await playOnPeer(history, `m${n}`);
  const store = new BlockCommittedStore(new MemoryBlockStore(), undefined);
  const ours = await playMerge(store, 'mem://merges' as StorageNamespace, history);
  if (JSON.stringify(ours) === JSON.stringify(outcome)) {
    counts.same++;
    recorded.push({ history, outcome });
  } else if (await isWrongOnPeer(history, outcome, `m${n}`)) {
    counts.whereLakeFsIsWrong++;
  } else {
    counts.differing++;
    console.log(JSON.stringify({ n, history, outcome, ours }));
  }
}
console.error(JSON.stringify(counts));
if (file) writeFileSync(file, `${JSON.stringify(recorded)}\n`);
