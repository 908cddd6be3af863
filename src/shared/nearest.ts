/** Returns the candidate that the fewest single changes turn `text` into; undefined of none. */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestCount = Infinity;
  for (const candidate of candidates) {
    const count = changesBetween(text, candidate);
    if (count < bestCount) [best, bestCount] = [candidate, count];
  }
  return best;
}

/** Levenshtein's distance. */
function changesBetween(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const line = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      line.push(Math.min(replaced, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1));
    }
    above = line;
  }
  return above[to.length] ?? 0;
}
