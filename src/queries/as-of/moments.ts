import { LRUCache } from 'lru-cache';
import { DomainError } from '../../domain/errors.js';
import type { RepositoryUid } from '../../domain/model.js';
import type { ParsedRef } from '../../domain/ref/parse-ref.js';
import type { Clock } from '../../ports/clock.js';
import type { EventLog } from '../../ports/event-log.js';
import type { KvSnapshot } from '../../ports/kv-store.js';
import { findMoment, type BranchMoment, type Moment } from './find-moment.js';
import { layOut, stagedEvents, type StagedEvents } from './lay-out.js';
import type { PastRows } from './past-rows.js';

export interface MomentLimits {
  /** Events that one moment is laid out from, at most; of the large ones laid out at once, too. */
  readonly changesMax: number;
  /** Memory for moments that are kept, and as much again for those that are being laid out. */
  readonly bytesMax: number;
}

/** Moments that wait for others to be laid out. */
const WAITING_MAX = 100;
/** So few are laid out at once, and nobody waits for them. */
const FEW_EVENTS = 10_000;
/** Moments of which it is remembered where they are; some hundred bytes each. */
const FOUND_MAX = 1_000;
/** Counts what is kept of a moment that has nothing staged. */
const MOMENT_BYTES = 512;

/**
 * Branches as they were. A moment is found by a few looks at the log, and what was staged then is
 * laid out from the events that said it: it costs by what was not committed, however long the log
 * is. Nothing of it ever changes, so the last ones are kept.
 */
export class Moments {
  readonly #kept: LRUCache<string, PastRows>;
  /** Those that stay what they are. */
  readonly #found = new LRUCache<string, BranchMoment>({ max: FOUND_MAX });
  readonly #staged = new WeakMap<BranchMoment, StagedEvents>();
  readonly #underWay = new Map<string, Promise<PastRows>>();
  #events = 0;
  #bytes = 0;
  #waitingCount = 0;
  /** Resolves when all who came before have their turn. */
  #line: Promise<void> = Promise.resolve();
  #firstInLine: (() => void) | undefined;

  constructor(
    private readonly log: EventLog,
    private readonly clock: Clock,
    private readonly limits: MomentLimits,
  ) {
    this.#kept = new LRUCache({ maxSize: limits.bytesMax });
  }

  /**
   * Returns what the base of a ref was at its moment.
   *
   * @throws DomainError  ref_not_found, moment_not_found, moment_in_future
   */
  async find(uid: RepositoryUid, ref: string, parsed: ParsedRef): Promise<Moment> {
    const { base: name, asOf = { kind: 'moves', count: 0 } } = parsed;
    const key = `${uid}/${name}/${JSON.stringify(asOf)}`;
    const known = this.#found.get(key);
    if (known) return known;
    const nowMs = this.clock.nowMs();
    const found = await findMoment(this.log, { uid, name, asOf, ref, nowMs });
    if (found.kind === 'branch' && found.isSettled) this.#found.set(key, found);
    return found;
  }

  /**
   * Returns the rows of the tokens that a branch had, as the staging view had them.
   *
   * @throws DomainError  moment_too_large; store_busy: too many others are asked for
   */
  async rows(moment: BranchMoment): Promise<KvSnapshot> {
    const events = this.#staged.get(moment) ?? (await stagedEvents(this.log, moment));
    this.#staged.set(moment, events);
    const { uid, branch, control } = moment;
    const key = `${uid}/${branch}/${control.revision}/${events.tokens[0]?.eventCount ?? 0}`;
    const known = this.#kept.get(key) ?? this.#underWay.get(key);
    if (known) return known;
    if (events.eventCount > this.limits.changesMax) {
      throw new DomainError('moment_too_large', {
        ref: moment.ref,
        max: `${this.limits.changesMax} events`,
      });
    }
    const laying = this.#lay(moment, events);
    this.#underWay.set(key, laying);
    try {
      const rows = await laying;
      this.#kept.set(key, rows, { size: rows.sizeBytes + MOMENT_BYTES });
      return rows;
    } finally {
      this.#underWay.delete(key);
    }
  }

  async #lay(moment: BranchMoment, events: StagedEvents): Promise<PastRows> {
    const weight = events.eventCount > FEW_EVENTS ? events.eventCount : 0;
    if (weight > 0) await this.#turn(weight);
    let own = 0;
    try {
      return await layOut(this.log, moment, events, ({ sizeBytes }) => {
        this.#bytes += sizeBytes - own;
        own = sizeBytes;
        const { bytesMax } = this.limits;
        if (own > bytesMax) {
          const max = `${bytesMax} bytes`;
          throw new DomainError('moment_too_large', { ref: moment.ref, max });
        }
        if (this.#bytes > bytesMax) throw new DomainError('store_busy');
      });
    } finally {
      this.#bytes -= own;
      this.#events -= weight;
      this.#firstInLine?.();
    }
  }

  /** Resolves when so many events more may be laid out, and all who came before have begun. */
  async #turn(weight: number): Promise<void> {
    if (this.#waitingCount >= WAITING_MAX) throw new DomainError('store_busy');
    this.#waitingCount++;
    const before = this.#line;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#line = promise;
    await before;
    while (this.#events > 0 && this.#events + weight > this.limits.changesMax) {
      await new Promise<void>((goOn) => (this.#firstInLine = goOn));
    }
    this.#firstInLine = undefined;
    this.#waitingCount--;
    this.#events += weight;
    resolve();
  }
}
