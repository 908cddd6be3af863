import { nextTurn } from '../../committed/turn.js';

/** Texts sorted, or merged, before others get their turn: some milliseconds of them. */
const TEXTS_PER_TURN = 16_384;

/** Sorts texts by their UTF-16 units, a little at a time: a million of them take seconds. */
export async function sortedInTurns(texts: readonly string[]): Promise<readonly string[]> {
  let runs: (readonly string[])[] = [];
  for (let from = 0; from < texts.length; from += TEXTS_PER_TURN) {
    runs.push(texts.slice(from, from + TEXTS_PER_TURN).sort(byUnits));
    await nextTurn();
  }
  while (runs.length > 1) {
    const merged: (readonly string[])[] = [];
    for (let at = 0; at < runs.length; at += 2) {
      const [left = [], right] = [runs[at], runs[at + 1]];
      merged.push(right ? await interleaved(left, right) : left);
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

async function interleaved(
  left: readonly string[],
  right: readonly string[],
): Promise<readonly string[]> {
  const all: string[] = [];
  let [atLeft, atRight] = [0, 0];
  while (atLeft < left.length || atRight < right.length) {
    const [one, other] = [left[atLeft], right[atRight]];
    const isLeft = other === undefined || (one !== undefined && one < other);
    all.push((isLeft ? one : other) as string);
    if (isLeft) atLeft++;
    else atRight++;
    if (all.length % TEXTS_PER_TURN === 0) await nextTurn();
  }
  return all;
}

const byUnits = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
