import type { IntentId } from '../../domain/model.js';
import { intentIdOf, type PendingIntent } from '../../domain/branch/branch.state.js';

const FIRST_NAPS_MS = [4, 4, 6, 8, 12, 16];

/** How long a node looks on while the first of a queue stays the same, before it helps. */
export const FOLLOWER_NAPS_MS: readonly number[] = [
  ...FIRST_NAPS_MS,
  ...Array.from({ length: 28 }, () => 20),
];

/**
 * Says of one intent that waits whether its node is to build what is first in the queue, or to
 * leave that to another one.
 *
 * Whoever is at a queue goes on to its end, several intents in a pass, and has at hand what it
 * builds on. A node that came behind another one's intent would build the same beside it, and lose
 * each race but a few. So it looks on, as long as the queue moves. Nobody depends on that: what
 * stands still is helped.
 */
export class Follower {
  #follows = false;
  #first: IntentId | undefined;
  #napCount = 0;

  /** @param isOwn  whether somebody waits for an intent at this node */
  constructor(
    private readonly isOwn: (id: IntentId) => boolean,
    private readonly napsMs: readonly number[],
  ) {}

  /** Returns how long to look on before the next look; undefined: this node is to help. */
  napMs([first]: readonly PendingIntent[]): number | undefined {
    if (first === undefined) return undefined;
    const id = intentIdOf(first);
    if (!this.isOwn(id)) this.#follows = true;
    if (!this.#follows) return undefined;
    if (this.#first !== id) this.#napCount = 0;
    this.#first = id;
    return this.napsMs[this.#napCount++];
  }
}
