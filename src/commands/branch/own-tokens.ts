import { LRUCache } from 'lru-cache';
import type { ObjectEntry, ObjectPath } from '../../domain/model.js';
import type { StagingEvent } from '../../domain/staging/staging.events.js';
import type { StagedChange } from '../../ports/committed-store.js';
import { compareBytes, utf8 } from '../../shared/bytes.js';

/** Writes to one token that are remembered; a commit of more reads them. */
const WRITES_MAX = 16;

/** All that stands in a token up to a revision. */
export interface OwnToken {
  readonly revision: number;
  readonly changes: readonly StagedChange[];
}

/**
 * Tokens that this process has opened and that nobody else has written to, as far as it has heard.
 * Who goes by that appends at the exact revision: the log says whether it still is so.
 */
export class OwnTokens {
  readonly #known: LRUCache<string, { revision: number; readonly words: Words }> | undefined;

  /** @param tokensMax  0: none is remembered */
  constructor(tokensMax: number) {
    this.#known = tokensMax > 0 ? new LRUCache({ max: tokensMax }) : undefined;
  }

  /** To be called when this process has opened a token. */
  opened(stream: string): void {
    this.#known?.set(stream, { revision: 0, words: new Map() });
  }

  /** To be called when this process has written to a token, the last event at `revision`. */
  wrote(stream: string, revision: number, events: readonly StagingEvent[]): void {
    const known = this.#known?.get(stream);
    if (!known) return;
    const isNext = known.revision + events.length === revision;
    if (!isNext || revision > WRITES_MAX) return this.forget(stream);
    for (const event of events) {
      if (event.type !== 'ObjectStaged') return this.forget(stream);
      known.words.set(event.path, event.entry);
    }
    known.revision = revision;
  }

  forget(stream: string): void {
    this.#known?.delete(stream);
  }

  /** Returns what a token holds, in the order of its paths. */
  get(stream: string): OwnToken | undefined {
    const known = this.#known?.get(stream);
    if (!known) return undefined;
    const changes = [...known.words].map(([path, entry]) => ({ path, entry, key: utf8(path) }));
    changes.sort((a, b) => compareBytes(a.key, b.key));
    return { revision: known.revision, changes };
  }
}

type Words = Map<ObjectPath, ObjectEntry>;
