// Random merges of trees in memory, and the rule for one key that says what must come of them.
import type { RangeRecord } from '../../src/committed/range-codec.js';
import type { RangeId } from '../../src/domain/model.js';
import type { MergeStrategy } from '../../src/ports/committed-store.js';
import type { SeededRandom } from '../support/seeded-random.js';

/** Content of an object, and where its bytes lie: of one content in several places. */
export interface ModelEntry {
  readonly content: string;
  readonly place: string;
}

/** Keys are one letter and ascend. */
export type ModelTree = ReadonlyMap<string, ModelEntry>;

/** After which keys a range ends, and a block. */
export interface Cuts {
  readonly ranges: ReadonlySet<string>;
  readonly blocks: ReadonlySet<string>;
}

export interface ModelSide {
  readonly tree: ModelTree;
  readonly cuts: Cuts;
}

export interface MergeCase {
  readonly base: ModelSide;
  readonly source: ModelSide;
  readonly destination: ModelSide;
  readonly replaced: readonly (readonly [from: string, until: string | undefined])[];
  readonly strategy: MergeStrategy;
}

const KEYS = 'abcdefghijkl';
const CONTENTS = ['E', 'E', 'F', 'G'];

/** Makes cases in which keys meet, contents are shared by names, and ranges by trees. */
export function randomCase(random: SeededRandom): MergeCase {
  const keys = KEYS.slice(0, 2 + random.below(KEYS.length - 1));
  const base = randomTree(random, keys);
  const cuts = { ranges: randomKeys(random, keys, 3), blocks: randomKeys(random, keys, 2) };
  const side = (): ModelSide => ({
    tree: changed(random, base, keys),
    cuts: {
      ranges: nearly(random, cuts.ranges, keys),
      blocks: nearly(random, cuts.blocks, keys),
    },
  });
  return {
    base: { tree: base, cuts },
    source: side(),
    destination: side(),
    replaced: random.below(4) === 0 ? randomSpans(random, keys) : [],
    strategy: random.pick(['default', 'default', 'source-wins', 'dest-wins']),
  };
}

function randomTree(random: SeededRandom, keys: string): ModelTree {
  const isSparse = random.below(4) === 0;
  const tree = new Map<string, ModelEntry>();
  for (const key of keys) {
    if (random.below(3) === 0 || (isSparse && random.below(2) === 0)) continue;
    tree.set(key, { content: random.pick(CONTENTS), place: '1' });
  }
  return tree;
}

const randomKeys = (random: SeededRandom, keys: string, oneIn: number): Set<string> =>
  new Set([...keys].filter(() => random.below(oneIn) === 0));

function nearly(random: SeededRandom, cuts: ReadonlySet<string>, keys: string): Set<string> {
  const mine = new Set(cuts);
  for (let times = random.below(3); times > 0; times--) {
    const key = keys.charAt(random.below(keys.length));
    if (!mine.delete(key)) mine.add(key);
  }
  return mine;
}

function changed(random: SeededRandom, base: ModelTree, keys: string): ModelTree {
  const tree = new Map(base);
  const place = random.pick(['1', '2', '3']);
  for (let times = random.below(5); times > 0; times--) {
    const key = keys.charAt(random.below(keys.length));
    const other = keys.charAt(random.below(keys.length));
    const entry = tree.get(key);
    switch (random.below(4)) {
      case 0:
        tree.delete(key);
        break;
      case 1:
        if (entry) tree.set(other, { content: entry.content, place });
        break;
      case 2:
        if (entry && tree.delete(key)) tree.set(other, { content: entry.content, place });
        break;
      default:
        tree.set(key, { content: random.pick(CONTENTS), place });
    }
  }
  return new Map([...tree].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function randomSpans(random: SeededRandom, keys: string): MergeCase['replaced'] {
  return Array.from({ length: 1 + random.below(2) }, () => {
    const from = keys.charAt(random.below(keys.length));
    const until = keys.charAt(random.below(keys.length));
    return [from, random.below(4) === 0 ? undefined : until] as const;
  });
}

/** What a key becomes; `conflict` when nobody says it. Contents alone are compared. */
export function ruledContent(of: MergeCase, key: string): string | undefined {
  const isReplaced = of.replaced.some(
    ([from, until]) => from <= key && (until === undefined || key < until),
  );
  const base = of.base.tree.get(key)?.content;
  const source = of.source.tree.get(key)?.content;
  const destination = isReplaced ? undefined : of.destination.tree.get(key)?.content;
  if (source === destination || destination === base) return source;
  if (source === base) return destination;
  if (of.strategy === 'default') return 'conflict';
  return of.strategy === 'source-wins' ? source : destination;
}

/** A range, with what a file of it would hold. */
export interface ModelRange extends RangeRecord {
  readonly entries: readonly (readonly [key: string, entry: ModelEntry])[];
  /** Where each block begins, and where the last ends. */
  readonly blocks: readonly number[];
}

/** Cuts a tree into ranges, of which equal ones have equal ids. */
export function rangesOf({ tree, cuts }: ModelSide): ModelRange[] {
  const ranges: ModelRange[] = [];
  let entries: [string, ModelEntry][] = [];
  let blocks = [0];
  const end = () => {
    const [first, last] = [entries[0], entries.at(-1)];
    if (!first || !last) return;
    if (blocks.at(-1) !== entries.length) blocks.push(entries.length);
    const id = entries
      .map(([key, { content, place }]) => key + content + place)
      .join('') as RangeId;
    const bounds = { minKey: Buffer.from(first[0]), maxKey: Buffer.from(last[0]) };
    ranges.push({ id, ...bounds, count: entries.length, estimatedBytes: 1, entries, blocks });
    entries = [];
    blocks = [0];
  };
  for (const [key, entry] of tree) {
    entries.push([key, entry]);
    if (cuts.blocks.has(key)) blocks.push(entries.length);
    if (cuts.ranges.has(key)) end();
  }
  end();
  return ranges;
}

/** Returns a case as a text to read. */
export function described(of: MergeCase): string {
  const side = (name: string, model: ModelSide) =>
    `${name} ${rangesOf(model)
      .map(({ id }) => `[${id}]`)
      .join(' ')}`;
  const spans = of.replaced.map(([from, until]) => `${from}…${until ?? ''}`).join(' ');
  return [
    side('base', of.base),
    side('source', of.source),
    side('destination', of.destination),
    `replaced ${spans || 'nothing'}`,
    of.strategy,
  ].join('; ');
}
