import { DomainError } from '../../domain/errors.js';
import type { Clock } from '../../ports/clock.js';
import { READ_EVENTS_MAX, type EventLog, type RecordedEvent } from '../../ports/event-log.js';
import type { KvStore } from '../../ports/kv-store.js';
import { InTurn } from '../../shared/in-turn.js';
import { AskedIntents } from './asked-intents.js';
import { namedBy, type AuditRecord } from './audit-record.js';
import { auditRecords, isTold } from './audit-records.js';
import { AuditRows } from './audit-rows.js';
import { AUDIT_SIZES, groupOf, leafOf } from './audit-segments.js';
import type { AuditSizes, Leaf, Span } from './audit-segments.js';

/** The log at one moment, as far as anybody asks about it. */
export interface AuditSight {
  /** Ascending. */
  readonly groups: readonly Span[];
  /** Behind the last group. */
  readonly leaves: readonly Leaf[];
  /** What stands behind the last leaf: few events, or those of a newer program. */
  readonly tail: readonly AuditRecord[];
  /** Of the last event. */
  readonly end: number;
}

export interface AuditBuilt {
  /** Summed up just now; 0: there are too few for a summary. */
  readonly eventCount: number;
  /** About how many are left. */
  readonly behindCount: number;
}

/**
 * The index of the audit: summaries of the log, built behind it. Nothing of it is written by an
 * append, and nothing of it is believed: what it says may match is read from the log.
 *
 * Every summary follows from the log alone, so any node writes it, at any time, and who comes
 * second has nothing left to do.
 * Source: docs/adr/0032-the-audit-has-an-index-behind-the-log.md.
 */
export class AuditIndex {
  readonly rows: AuditRows;
  readonly asked: AskedIntents;
  readonly #turn = new InTurn();
  /** What is written is never changed: of what was seen once there is no need to ask. */
  #groups: readonly Span[] = [];
  #leaves: readonly Leaf[] = [];

  constructor(
    readonly log: EventLog,
    kv: KvStore,
    private readonly clock: Clock,
    readonly sizes: AuditSizes = AUDIT_SIZES,
  ) {
    this.rows = new AuditRows(kv);
    this.asked = new AskedIntents(log);
  }

  /**
   * Returns the log as it is now, with all that was acknowledged before the call. What the index
   * lacks of it is built first.
   *
   * @throws DomainError audit_behind  it lacks so much that this takes too long; what was built by
   *   then is kept, so the next call comes further
   */
  async sight(msMax = CATCH_UP_MS_MAX): Promise<AuditSight> {
    const untilMs = this.clock.nowMs() + msMax;
    const { tail, ...rest } = await this.#turn.run(TURN, () => this.#catchUp(untilMs));
    return { ...rest, tail: await auditRecords(tail, this.asked) };
  }

  /** Builds a little of what is missing. */
  buildSome(): Promise<AuditBuilt> {
    return this.#turn.run(TURN, async () => {
      await this.#refresh();
      const after = this.#until;
      const events = await this.log.readAll({ after, limit: READ_EVENTS_MAX });
      const rest = await this.#seal(events);
      const eventCount = events.length - rest.length;
      return { eventCount, behindCount: await this.#behind(after, eventCount) };
    });
  }

  /** Returns about how many events are not summed up: a log's positions may have gaps. */
  async #behind(after: number, eventCount: number): Promise<number> {
    if (eventCount === 0) return 0;
    const apart = (this.#until - after) / eventCount;
    return Math.max(0, (await this.log.lastPosition()) - this.#until) / apart;
  }

  async #catchUp(untilMs: number): Promise<Omit<AuditSight, 'tail'> & { tail: RecordedEvent[] }> {
    await this.#refresh();
    let tail: RecordedEvent[] = [];
    for (;;) {
      const after = tail.at(-1)?.position ?? this.#until;
      const page = await this.log.readAll({ after, limit: READ_EVENTS_MAX });
      tail = await this.#seal([...tail, ...page]);
      if (page.length < READ_EVENTS_MAX) {
        const end = tail.at(-1)?.position ?? this.#until;
        return { groups: this.#groups, leaves: this.#leaves, tail, end };
      }
      if (this.clock.nowMs() > untilMs || tail.length > TAIL_EVENTS_MAX) {
        throw new DomainError('audit_behind');
      }
    }
  }

  get #until(): number {
    return this.#leaves.at(-1)?.until ?? this.#groups.at(-1)?.until ?? 0;
  }

  /** Takes over what other nodes, or this one in a former life, have built. */
  async #refresh(): Promise<void> {
    for (;;) {
      const groups = await this.rows.groups(this.#groups.length);
      if (groups.length > 0) {
        this.#groups = [...this.#groups, ...groups];
        this.#leaves = [];
      }
      const first = this.#groups.length * this.sizes.groupLeaves + this.#leaves.length;
      const leaves = await this.rows.leaves(first, this.sizes.groupLeaves - this.#leaves.length);
      if (leaves.length > 0) this.#leaves = [...this.#leaves, ...leaves];
      if (this.#leaves.length < this.sizes.groupLeaves) return;
      await this.#close();
    }
  }

  /** Sums up all but the last of some events. @returns those, which are too few for a leaf */
  async #seal(events: readonly RecordedEvent[]): Promise<RecordedEvent[]> {
    let rest = [...events];
    while (rest.length >= this.sizes.leafEvents) {
      const some = rest.slice(0, this.sizes.leafEvents);
      // Summed up by a program that cannot tell what it was, an event would never be found.
      if (!some.every(isTold)) break;
      const records = await auditRecords(some, this.asked);
      for (const record of records) {
        const named = namedBy(record);
        if (named) await this.rows.putName(named.uid, named.name);
      }
      const leaf = leafOf(this.#until, records);
      await this.rows.putLeaf(
        this.#groups.length * this.sizes.groupLeaves + this.#leaves.length,
        leaf,
      );
      this.#leaves = [...this.#leaves, leaf];
      rest = rest.slice(this.sizes.leafEvents);
      if (this.#leaves.length === this.sizes.groupLeaves) await this.#close();
    }
    return rest;
  }

  async #close(): Promise<void> {
    const group = groupOf(this.#leaves);
    await this.rows.putGroup(this.#groups.length, group);
    this.#groups = [...this.#groups, group.span];
    this.#leaves = [];
  }
}

const TURN = 'index';
const CATCH_UP_MS_MAX = 10_000;
/** Events that a newer program wrote, and what came behind them. */
const TAIL_EVENTS_MAX = 20_000;
