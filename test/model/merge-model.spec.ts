import { describe, expect, it } from '@jest/globals';
import { seed } from '../support/seed.js';
import { ruledContent, type MergeCase, type ModelSide } from './merge-cases.js';
import { faultOf, runCase, runCases } from './merge-runs.js';

const CASES = 6_000;

/** A tree of one range: `'pP yE'` has P at p and E at y. */
const side = (words: string): ModelSide => ({
  tree: new Map(
    words.split(' ').map(([key = '', content = '']) => [key, { content, place: '1' }] as const),
  ),
  cuts: { ranges: new Set(), blocks: new Set() },
});
const merging = (base: string, source: string, destination: string): MergeCase => ({
  base: side(base),
  source: side(source),
  destination: side(destination),
  replaced: [],
  strategy: 'default',
});
const plainly = { takesBlocks: false, entersAll: false };
const resultOf = (of: MergeCase) => {
  const { entries, conflicts } = runCase(of, plainly);
  return { merged: entries.map(([key, [content]]) => `${key}${content}`).join(' '), conflicts };
};

const keysOf = (of: MergeCase) =>
  [...new Set([of.base, of.source, of.destination].flatMap(({ tree }) => [...tree.keys()]))].sort();
const nextInBase = (of: MergeCase, key: string) =>
  [...of.base.tree].find(([at]) => at >= key)?.[1].content;

/** The rule as lakeFS 1.84 has it when the other side is at its end: no look at the key. */
function withoutKeyAtTheEnd(of: MergeCase, key: string): string | undefined {
  for (const [mine, other] of [
    [of.source, of.destination],
    [of.destination, of.source],
  ] as const) {
    const isOver = [...other.tree.keys()].every((at) => at < key);
    const content = mine.tree.get(key)?.content;
    if (isOver && content !== undefined && content === nextInBase(of, key)) return undefined;
  }
  return ruledContent(of, key);
}

/** The rule as lakeFS 1.84 has it where both sides have a key: the base's next, whichever it is. */
function withoutKeyOnBothSides(of: MergeCase, key: string): string | undefined {
  const source = of.source.tree.get(key)?.content;
  const destination = of.destination.tree.get(key)?.content;
  if (source === undefined || destination === undefined) return ruledContent(of, key);
  const base = nextInBase(of, key);
  if (source === base) return destination;
  return destination === base || source === destination ? source : 'conflict';
}

function byRule(of: MergeCase, rule: typeof ruledContent) {
  const contents = keysOf(of).map((key) => [key, rule(of, key)] as const);
  return {
    merged: contents
      .filter(([, content]) => content !== undefined && content !== 'conflict')
      .map(([key, content]) => `${key}${content}`)
      .join(' '),
    conflicts: contents.filter(([, content]) => content === 'conflict').map(([key]) => key),
  };
}

describe(`merging trees of a few keys (SEED=${seed})`, () => {
  it('gives what the rule says for each key, whichever ranges and blocks are taken whole', () => {
    const { failure, conflictCount, referencedCount } = runCases(CASES, seed);
    expect(failure).toBeUndefined();
    // What is tried must be worth it.
    expect(conflictCount).toBeGreaterThan(CASES / 20);
    expect(referencedCount).toBeGreaterThan(CASES / 2);
  });

  it('tells when a result is wrong', () => {
    const of = merging('pP', 'pP yE', 'pP');
    const wrong = { ...runCase(of, plainly), entries: [['p', 'P1']] as const };
    expect(faultOf(of, wrong)).toBe('it holds pP, not pP,yE');
  });

  describe('where lakeFS compares contents and not names', () => {
    it.each([
      ['an added copy', merging('pP zE', 'pP yE zE', 'pP'), 'pP yE'],
      ['a renamed object', merging('pP zE', 'pP yE', 'aA pP'), 'aA pP yE'],
      ['a copy that the destination added', merging('pP zE', 'pP', 'pP yE zE'), 'pP yE'],
    ])('keeps %s behind the end of the other side', (_, of, merged) => {
      expect(resultOf(of)).toEqual({ merged, conflicts: [] });
      expect(byRule(of, ruledContent)).toEqual({ merged, conflicts: [] });
      // As it would be by that rule: the object is lost without a word.
      const lost = byRule(of, withoutKeyAtTheEnd).merged;
      expect(lost).toBe(merged.replace(/ yE/, ''));
    });

    it.each([
      ['the source’s', merging('aP zE', 'aP kE zE', 'aP kF zE')],
      ['the destination’s', merging('aP zE', 'aP kF zE', 'aP kE zE')],
    ])('finds a conflict of two added objects, of which %s is a copy of another', (_, of) => {
      expect(resultOf(of).conflicts).toEqual(['k']);
      expect(byRule(of, ruledContent).conflicts).toEqual(['k']);
      // As it would be by that rule: one of the two wins without a word.
      expect(byRule(of, withoutKeyOnBothSides)).toEqual({ merged: 'aP kF zE', conflicts: [] });
    });
  });
});
