import type { Entries } from './operations.js';

/** A branch between two events that changed something about it. */
export interface Version {
  /** From this place in the log on. */
  readonly position: number;
  readonly isAlive: boolean;
  readonly head: string | undefined;
  readonly shown: Entries;
  /** What is not committed, as a text to compare at once; undefined: there is no branch. */
  readonly diffText: string | undefined;
}

/** All states of one branch, in the order of the log. */
export class Timeline {
  readonly #versions: Version[] = [NOWHERE];

  add(version: Version): void {
    this.#versions.push(version);
  }

  /** Returns the first place at or behind `from` at which the branch is as a reader saw it. */
  earliest(from: number, isSeen: (version: Version) => boolean): number | undefined {
    for (let at = this.#indexAt(from); at < this.#versions.length; at++) {
      const version = this.#versions[at];
      if (version !== undefined && isSeen(version)) return Math.max(from, version.position);
    }
    return undefined;
  }

  /** Returns the state at a place of the log. */
  at(position: number): Version {
    return this.#versions[this.#indexAt(position)] ?? NOWHERE;
  }

  #indexAt(position: number): number {
    let [low, high] = [0, this.#versions.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#versions[middle]?.position ?? 0) <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Returns a text that is the same for the same entries. */
export const textOf = (entries: Entries): string =>
  [...entries]
    .map(([path, value]) => `${path}=${value}`)
    .sort()
    .join(' ');

/** Returns what is shown and not committed. */
export function differencesOf(shown: Entries, committed: Entries): Entries {
  const found = new Map<string, string>();
  for (const [path, value] of shown) {
    const before = committed.get(path);
    if (before !== value) found.set(path, before === undefined ? 'added' : 'changed');
  }
  for (const path of committed.keys()) if (!shown.has(path)) found.set(path, 'removed');
  return found;
}

const NOWHERE: Version = {
  position: 0,
  isAlive: false,
  head: undefined,
  shown: new Map(),
  diffText: undefined,
};
