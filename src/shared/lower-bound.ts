/**
 * Returns the first place of an ascending list that is not before what is looked for.
 *
 * @param range  the places to look at, `from` (0 unless given) until `to`, which is the answer when
 *   all of them are before
 * @param isBefore  of one place; true for none behind one of which it is false
 */
export function lowerBound(
  { from = 0, to }: { readonly from?: number; readonly to: number },
  isBefore: (place: number) => boolean,
): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
