import type { IntentId } from '../../domain/model.js';
import { intentIdOf } from '../../domain/branch/branch.state.js';
import { queueOf, type BranchFold } from './branches.js';

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
 * The node whose intent came to an empty queue goes on to the queue's end, several intents in a
 * pass, and has at hand what it builds on. Any other would build the same beside it, and lose each
 * race but a few. So it looks on, as long as the queue moves. Nobody depends on that: what stands
 * still is helped.
 */
export class Follower {
  #first: IntentId | undefined;
  #napCount = 0;

  /** @param isOwn  whether the intent that a queue was begun by was asked for at this node */
  constructor(
    private readonly isOwn: (id: IntentId) => boolean,
    private readonly napsMs: readonly number[],
  ) {}

  /** Returns how long to look on before the next look; undefined: this node is to help. */
  napMs(fold: BranchFold | undefined): number | undefined {
    const [first] = fold ? queueOf(fold.state) : [];
    if (first === undefined) return undefined;
    const begunBy = fold?.begunBy;
    if (begunBy === undefined || this.isOwn(begunBy)) return undefined;
    const id = intentIdOf(first);
    if (this.#first !== id) this.#napCount = 0;
    this.#first = id;
    return this.napsMs[this.#napCount++];
  }
}
