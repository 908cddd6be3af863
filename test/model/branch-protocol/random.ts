import { SeededRandom } from '../../support/seeded-random.js';

/** The choices of a run. */
export class Random extends SeededRandom {
  /** Returns an integer from `least` to `most`, both inclusive. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** @param percent  how often of a hundred times it is true */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
}
