import { Counter, Histogram, type Registry } from 'prom-client';

/** What a figure is called and what it says. */
export interface Figure<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
}

export interface SpreadFigure<Label extends string> extends Figure<Label> {
  /** Each range's highest value, ascending. */
  readonly bounds: readonly number[];
}

/** A number that only grows. Adding to it is on the way of every request. */
export class Tally {
  sum = 0;

  add(amount = 1): void {
    this.sum += amount;
  }
}

/**
 * Counts by their labels, told when somebody asks. The registry's own counter finds the place of
 * its labels anew with each addition, which costs more than what is counted.
 */
export class Tallies<Label extends string = never> {
  readonly #tallies = new Map<string, { labels: Record<Label, string>; tally: Tally }>();

  constructor(registry: Registry, { name, help, labels = [] }: Figure<Label>) {
    const tallies = this.#tallies;
    registry.registerMetric(
      new Counter<Label>({
        name,
        help,
        labelNames: labels,
        registers: [],
        collect() {
          this.reset();
          for (const each of tallies.values()) this.inc(each.labels, each.tally.sum);
        },
      }),
    );
  }

  /** Returns the count of these labels, made when there is none; it is the same one each time. */
  of(labels: Record<Label, string>): Tally {
    const key = Object.values(labels).join('\n');
    const known = this.#tallies.get(key);
    if (known) return known.tally;
    const tally = new Tally();
    this.#tallies.set(key, { labels, tally });
    return tally;
  }
}

/** How many values lay in each of some ranges. Adding one is on the way of every request. */
export class Spread {
  readonly counts: number[];
  sum = 0;

  /** @param bounds  each range's highest value, ascending; what is above all is counted too */
  constructor(private readonly bounds: readonly number[]) {
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  add(value: number): void {
    const { bounds, counts } = this;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] ?? Infinity)) at++;
    counts[at] = (counts[at] ?? 0) + 1;
    this.sum += value;
  }
}

interface Told {
  readonly metricName: string;
  /** The registry writes both kinds of labels one after the other. */
  readonly labels: Readonly<Record<string, string | number>>;
  readonly sharedLabels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A histogram whose values come in by spreads, for the same reason as counts by tallies. */
export class Spreads<Label extends string = never> extends Histogram<Label> {
  readonly #spreads = new Map<string, { labels: Record<Label, string>; spread: Spread }>();
  readonly #figure: Figure<Label>;
  readonly #bounds: readonly number[];

  constructor(registry: Registry, figure: SpreadFigure<Label>) {
    const { name, help, labels = [], bounds } = figure;
    super({ name, help, labelNames: labels, buckets: [...bounds], registers: [registry] });
    this.#figure = figure;
    this.#bounds = bounds;
  }

  /** Returns the spread of these labels, made when there is none; it is the same one each time. */
  of(labels: Record<Label, string>): Spread {
    const key = Object.values(labels).join('\n');
    const known = this.#spreads.get(key);
    if (known) return known.spread;
    const spread = new Spread(this.#bounds);
    this.#spreads.set(key, { labels, spread });
    return spread;
  }

  /** What the registry asks, of all its figures, by this name. */
  async getForPromString() {
    const { name, help } = this.#figure;
    return { name, help, type: 'histogram', aggregator: 'sum', values: this.#told() };
  }

  #told(): Told[] {
    const { name } = this.#figure;
    return [...this.#spreads.values()].flatMap(({ labels, spread: { counts, sum } }) => {
      let below = 0;
      const ranges = counts.map((count, at): Told => {
        below += count;
        const le = this.#bounds[at] ?? '+Inf';
        return { metricName: `${name}_bucket`, labels: { le }, sharedLabels: labels, value: below };
      });
      return [
        ...ranges,
        { metricName: `${name}_sum`, labels: {}, sharedLabels: labels, value: sum },
        { metricName: `${name}_count`, labels: {}, sharedLabels: labels, value: below },
      ];
    });
  }
}
