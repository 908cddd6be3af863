import { SeededRandom } from '../../support/seeded-random.js';
import type { Defect, Hand } from './defect.js';
import { IN_READS } from './in-reads.js';
import { IN_THE_LOG } from './in-the-log.js';

export const DEFECTS: readonly Defect[] = [...IN_THE_LOG, ...IN_READS];

/** Lets a defect strike by chance, and counts how often it does. */
export class Chance {
  strikeCount = 0;
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  hand(node: number): Hand {
    return {
      node,
      random: this.#random,
      strikes: (oneIn) => {
        const isHit = this.#random.below(oneIn) === 0;
        if (isHit) this.strikeCount++;
        return isHit;
      },
    };
  }
}
