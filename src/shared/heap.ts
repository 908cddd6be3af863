/** A binary heap: what `compare` puts first comes out first. */
export class Heap<Item> {
  readonly #items: Item[] = [];

  constructor(private readonly compare: (left: Item, right: Item) => number) {}

  get size(): number {
    return this.#items.length;
  }

  push(item: Item): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  pop(): Item | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (items.length === 0 || last === undefined) return first;
    items[0] = last;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      let best = at;
      if (left < items.length && this.#isBefore(left, best)) best = left;
      if (left + 1 < items.length && this.#isBefore(left + 1, best)) best = left + 1;
      if (best === at) return first;
      this.#swap(at, best);
      at = best;
    }
  }

  #isBefore(left: number, right: number): boolean {
    return this.compare(this.#items[left] as Item, this.#items[right] as Item) < 0;
  }

  #swap(left: number, right: number): void {
    const items = this.#items;
    [items[left], items[right]] = [items[right] as Item, items[left] as Item];
  }
}
