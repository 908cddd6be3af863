import { describe, expect, it } from '@jest/globals';
import { seed } from '../../test/support/seed.js';
import { SeededRandom } from '../../test/support/seeded-random.js';
import { uid } from '../../test/support/samples/repository.samples.js';
import type { CommitId, CommitRecord, MetaRangeId } from '../domain/model.js';
import { mergeBase, type CommitsById } from './merge-base.js';

/** A history as `child: parents`; a parent stands before its children. */
class History implements CommitsById {
  readonly #commits = new Map<CommitId, CommitRecord>();
  readCount = 0;

  constructor(lines: readonly (readonly [name: string, ...parents: string[]])[]) {
    for (const [name, ...parents] of lines) this.add(name, parents);
  }

  add(name: string, parents: readonly string[], change: Partial<CommitRecord> = {}): void {
    const ids = parents as readonly CommitId[];
    const above = ids.map((id) => this.#commits.get(id)?.generation ?? 0);
    const commit = {
      id: name as CommitId,
      committer: 'ann',
      message: name,
      metaRangeId: '' as MetaRangeId,
      createdAtMs: 0,
      parents: ids,
      metadata: [],
      generation: Math.max(0, ...above) + 1,
      version: 1,
      ...change,
    };
    this.#commits.set(commit.id, commit);
  }

  /** The same history as it was written before there were generations, or with wrong ones. */
  with(generationOf: (commit: CommitRecord) => number): History {
    const other = new History([]);
    for (const commit of this.#commits.values()) {
      other.add(commit.id, commit.parents, { ...commit, generation: generationOf(commit) });
    }
    return other;
  }

  async getAll(_uid: typeof uid, ids: readonly CommitId[]) {
    this.readCount += ids.length;
    return ids.map((id) => this.#commits.get(id));
  }

  async base(left: string, right: string): Promise<string | undefined> {
    const found = await mergeBase(this, uid, [left as CommitId, right as CommitId]);
    return found?.id;
  }

  /** All best common ancestors, by the definition. */
  bestOf(left: string, right: string): Set<string> {
    const common = [...this.ancestors(left)].filter((id) => this.ancestors(right).has(id));
    return new Set(
      common.filter((id) => !common.some((by) => by !== id && this.ancestors(by).has(id))),
    );
  }

  /** What lakeFS 1.84 answers: the first parent that both sides have reached. */
  async firstReached(left: string, right: string): Promise<string | undefined> {
    const reached = new Map([[left, 1]]);
    reached.set(right, (reached.get(right) ?? 0) | 2);
    const queue = [...new Set([left, right])].map((id) => this.#commits.get(id as CommitId));
    for (;;) {
      queue.sort((one, other) => (other?.generation ?? 0) - (one?.generation ?? 0));
      const next = queue.shift();
      if (!next) return undefined;
      for (const parent of next.parents) {
        if (!reached.has(parent)) queue.push(this.#commits.get(parent));
        reached.set(parent, (reached.get(parent) ?? 0) | (reached.get(next.id) ?? 0));
        if (reached.get(parent) === 3) return parent;
      }
    }
  }

  ancestors(of: string): Set<string> {
    const found = new Set([of]);
    for (const id of found) {
      for (const parent of this.#commits.get(id as CommitId)?.parents ?? []) found.add(parent);
    }
    return found;
  }
}

const criss: readonly (readonly [string, ...string[]])[] = [
  ['root'],
  ['p', 'root'],
  ['q', 'p'],
  ['x2', 'q'],
  ['y2', 'q'],
  ['x', 'x2', 'p'],
  ['y', 'y2', 'p'],
];

describe('the merge base', () => {
  it('of a commit and itself, or an ancestor, is that one', async () => {
    const history = new History(criss);
    expect(await history.base('q', 'q')).toBe('q');
    expect(await history.base('q', 'y')).toBe('q');
    expect(await history.base('y', 'q')).toBe('q');
    expect(await history.base('root', 'x')).toBe('root');
  });

  it('is no ancestor of a better one, where the first that both sides reach is', async () => {
    const history = new History(criss);
    expect(await history.base('x', 'y')).toBe('q');
    expect(await history.firstReached('x', 'y')).toBe('p');
  });

  it('of two histories that have nothing in common is none', async () => {
    const history = new History([['a'], ['b'], ['c', 'b']]);
    expect(await history.base('a', 'c')).toBeUndefined();
  });

  it('in a criss-cross is one of the best, the same from both sides', async () => {
    const history = new History([
      ['root'],
      ['a', 'root'],
      ['b', 'root'],
      ['m', 'a', 'b'],
      ['n', 'b', 'a'],
    ]);
    expect(await history.base('m', 'n')).toBe('a');
    expect(await history.base('n', 'm')).toBe('a');
    const younger = history.with(({ generation }) => generation);
    younger.add('b', ['root'], { createdAtMs: 5 });
    expect(await younger.base('m', 'n')).toBe('b');
  });

  it('does without a parent that is not there', async () => {
    const history = new History([['root'], ['a', 'root', 'gone'], ['b', 'gone', 'root']]);
    expect(await history.base('a', 'b')).toBe('root');
  });

  it(`is a best one in random histories, whatever generations say (SEED=${seed})`, async () => {
    const random = new SeededRandom(seed);
    let worse = 0;
    for (let round = 0; round < 400; round++) {
      const { history, names } = randomHistory(random);
      const unknown = history.with(() => 0);
      const wrong = history.with(({ generation }) => random.below(generation + 2));
      const half = history.with(({ generation }) => Math.max(0, generation - 4));
      const [left, right] = [random.pick(names), random.pick(names)];
      const best = history.bestOf(left, right);
      for (const told of [history, unknown, wrong, half]) {
        const answer = await told.base(left, right);
        expect(await told.base(right, left)).toBe(answer);
        const [ofLeft, ofRight] = [history.ancestors(left), history.ancestors(right)];
        expect(
          told === wrong ? new Set([...ofLeft].filter((id) => ofRight.has(id))) : best,
        ).toContain(answer);
      }
      const first = await history.firstReached(left, right);
      if (left !== right && first !== undefined && !best.has(first)) worse++;
    }
    expect(worse).toBeGreaterThan(0);
  });

  it('is found in a history of a million commits with two in hand', async () => {
    const COMMITS = 1_000_000;
    let mostInHand = 0;
    const commits: CommitsById = {
      async getAll(_uid, ids) {
        mostInHand = Math.max(mostInHand, ids.length);
        // Thought of, not kept: what a search keeps is all that there is.
        return ids.map(commitAt);
      },
    };
    const ends = [`left-${COMMITS}` as CommitId, 'right-1' as CommitId] as const;
    const before = process.memoryUsage().heapUsed;
    expect((await mergeBase(commits, uid, ends))?.id).toBe('root-0');
    expect(mostInHand).toBeLessThanOrEqual(2);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1024 * 1024);
  });
});

/** The commit of a line whose name says how far it is from the root. */
function commitAt(id: CommitId): CommitRecord {
  const [side, depth] = id.split('-');
  const at = Number(depth);
  const parents = at === 0 ? [] : [(at === 1 ? 'root-0' : `${side}-${at - 1}`) as CommitId];
  return {
    id,
    committer: '',
    message: '',
    metaRangeId: '' as MetaRangeId,
    createdAtMs: 0,
    parents,
    metadata: [],
    generation: at + 1,
    version: 1,
  };
}

function randomHistory(random: SeededRandom): { history: History; names: string[] } {
  const history = new History([['c0']]);
  const names = ['c0'];
  const count = 4 + random.below(16);
  for (let at = 1; at < count; at++) {
    const parents = [random.pick(names)];
    // Merges of what is merged already too: only those fool who takes the first.
    if (random.below(2) === 0) parents.push(random.pick(names));
    history.add(`c${at}`, [...new Set(parents)]);
    names.push(`c${at}`);
  }
  return { history, names };
}
