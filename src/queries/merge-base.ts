import type { CommitId, CommitRecord, RepositoryUid } from '../domain/model.js';
import { assert } from '../shared/assert.js';
import { Heap } from '../shared/heap.js';

/** Where commits come from; undefined for one that is not there. */
export interface CommitsById {
  getAll(
    uid: RepositoryUid,
    ids: readonly CommitId[],
  ): Promise<readonly (CommitRecord | undefined)[]>;
}

/** Commits without a usable generation that one search looks at; some 100 bytes each. */
export const UNORDERED_COMMITS_MAX = 5_000_000;

const LEFT = 1;
const RIGHT = 2;
const BOTH = LEFT | RIGHT;
/** An ancestor of a common ancestor, so not a best one. */
const STALE = 4;

interface Reached {
  readonly commit: CommitRecord;
  flags: number;
}

/**
 * Returns the best common ancestor of two commits: one that no other common ancestor descends
 * from. Of several, the one of the highest generation, then the youngest, then the lowest id; so
 * the answer is the same on every node, whichever side a commit stands on. Undefined: none.
 *
 * A parent that is not there ends its line. Generations put children before their parents, so a
 * commit is looked at once and let go: memory is what the history is wide, not what it is long.
 * Where old data has none, all ancestors are walked. Wrong ones, of commits that were brought in as
 * data, may make the answer a common ancestor that is not a best one.
 *
 * @throws InvariantError  more than {@link UNORDERED_COMMITS_MAX} commits have none
 */
export async function mergeBase(
  commits: CommitsById,
  uid: RepositoryUid,
  [left, right]: readonly [CommitId, CommitId],
): Promise<CommitRecord | undefined> {
  const start = new Map([[left, LEFT]]);
  start.set(right, (start.get(right) ?? 0) | RIGHT);
  const get = (ids: readonly CommitId[]) => commits.getAll(uid, ids);
  const found = await inOrder(get, start);
  if (found.kind === 'found') return found.base;
  const painted = await paint(get, found.start);
  // What was let go comes again below a commit that has no generation: so it must all be painted.
  const all = painted.hasGenerations && found.start !== start ? await paint(get, start) : painted;
  const ids = [...all.flags].filter(([, flags]) => flags === BOTH).map(([id]) => id);
  const commons = await get(ids);
  return best(commons.filter((commit) => commit !== undefined));
}

type Get = (ids: readonly CommitId[]) => ReturnType<CommitsById['getAll']>;
type Flags = ReadonlyMap<CommitId, number>;

/** Walks down by generation; hands over to the slow way where that says nothing. */
async function inOrder(
  get: Get,
  start: Flags,
): Promise<
  | { readonly kind: 'found'; readonly base: CommitRecord | undefined }
  | { readonly kind: 'unordered'; readonly start: Flags }
> {
  const frontier = new Frontier();
  frontier.add(await reached(get, start));
  for (;;) {
    const next = frontier.takeHighest();
    if (next.length === 0) return { kind: 'found', base: undefined };
    const base = best(next.filter(({ flags }) => flags === BOTH).map(({ commit }) => commit));
    const generation = next[0]?.commit.generation ?? 0;
    if (generation === 0) {
      // Whoever has none has parents without one too: nothing that was let go comes again.
      return {
        kind: 'unordered',
        start: new Map(next.map(({ commit, flags }) => [commit.id, flags])),
      };
    }
    if (base) return { kind: 'found', base };
    const parents = await reached(get, flagsOfParents(next));
    if (parents.some(({ commit }) => commit.generation >= generation)) {
      return { kind: 'unordered', start };
    }
    frontier.add(parents);
  }
}

interface Painted {
  readonly flags: Flags;
  /** Some of the commits have one, so not all is old data. */
  readonly hasGenerations: boolean;
}

/** Paints every ancestor until nothing changes; what is common and of no other's line is best. */
async function paint(get: Get, start: Flags): Promise<Painted> {
  const painted = new Map<CommitId, number>();
  let hasGenerations = false;
  let wave = new Map(start);
  while (wave.size > 0) {
    const changed = new Map<CommitId, number>();
    for (const [id, flags] of wave) {
      const before = painted.get(id) ?? 0;
      if ((before | flags) === before) continue;
      painted.set(id, before | flags);
      changed.set(id, before | flags);
    }
    assert(painted.size <= UNORDERED_COMMITS_MAX, 'a history without generations is too long');
    wave = new Map();
    for (const slice of slicesOf(changed)) {
      const children = await reached(get, slice);
      hasGenerations ||= children.some(({ commit }) => commit.generation > 0);
      for (const [id, flags] of flagsOfParents(children)) {
        wave.set(id, (wave.get(id) ?? 0) | flags);
      }
    }
  }
  return { flags: painted, hasGenerations };
}

/** Commits read at once. */
const SLICE_COMMITS = 1_000;

function* slicesOf(flags: Flags): Generator<Flags> {
  const all = [...flags];
  for (let at = 0; at < all.length; at += SLICE_COMMITS) {
    yield new Map(all.slice(at, at + SLICE_COMMITS));
  }
}

/** Reads commits, and leaves out those that are not there. */
async function reached(get: Get, flags: Flags): Promise<Reached[]> {
  const found = await get([...flags.keys()]);
  return found
    .filter((commit) => commit !== undefined)
    .map((commit) => ({ commit, flags: flags.get(commit.id) ?? 0 }));
}

/** Returns what children pass on: their own marks, and that a common one makes its line stale. */
function flagsOfParents(children: readonly Reached[]): Map<CommitId, number> {
  const parents = new Map<CommitId, number>();
  for (const { commit, flags } of children) {
    const passed = (flags & BOTH) === BOTH ? BOTH | STALE : flags;
    for (const parent of commit.parents) parents.set(parent, (parents.get(parent) ?? 0) | passed);
  }
  return parents;
}

function best(commits: readonly CommitRecord[]): CommitRecord | undefined {
  return commits.toSorted(
    (one, other) =>
      other.generation - one.generation ||
      other.createdAtMs - one.createdAtMs ||
      (one.id < other.id ? -1 : 1),
  )[0];
}

/** Commits that were reached and not yet looked at, by generation. */
class Frontier {
  readonly #byGeneration = new Map<number, Map<CommitId, Reached>>();
  readonly #generations = new Heap<number>((one, other) => other - one);

  add(commits: readonly Reached[]): void {
    for (const { commit, flags } of commits) {
      const { generation, id } = commit;
      let same = this.#byGeneration.get(generation);
      if (!same) {
        same = new Map();
        this.#byGeneration.set(generation, same);
        this.#generations.push(generation);
      }
      const known = same.get(id);
      if (known) known.flags |= flags;
      else same.set(id, { commit, flags });
    }
  }

  /** Takes all of the highest generation: nothing that is left can be a child of theirs. */
  takeHighest(): readonly Reached[] {
    const generation = this.#generations.pop();
    if (generation === undefined) return [];
    const same = this.#byGeneration.get(generation);
    this.#byGeneration.delete(generation);
    return [...(same?.values() ?? [])];
  }
}
