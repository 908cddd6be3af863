import type { AuditIndex, AuditSight } from '../../projections/audit/audit-index.js';
import type { AuditRecord } from '../../projections/audit/audit-record.js';
import { auditRecords } from '../../projections/audit/audit-records.js';
import {
  chunksFor,
  leavesWith,
  mayHave,
  type Span,
} from '../../projections/audit/audit-segments.js';
import type { AuditPlan } from './audit-plan.js';
import type { TreeMoves, TreePart } from './tree-moves.js';

export type AuditOrder = 'newest' | 'oldest';

export interface AuditFound {
  readonly records: readonly AuditRecord[];
  /** A position: what is left lies behind it, in the order asked for; undefined: nothing is. */
  readonly next: number | undefined;
}

/** What is asked. */
export interface AuditSources {
  readonly index: AuditIndex;
  readonly moves: Pick<TreeMoves, 'changed'>;
}

/** What of the log may match: a leaf to be read, or what was read already. */
interface Part {
  readonly after: number;
  readonly until: number;
  readonly records?: readonly AuditRecord[];
}

/** Looks through the log at one moment for what a plan takes. */
export class AuditSearch {
  constructor(
    private readonly sources: AuditSources,
    private readonly sight: AuditSight,
    private readonly plan: AuditPlan,
    private readonly order: AuditOrder,
  ) {}

  /**
   * Returns the next records behind a position.
   *
   * @param after  exclusive; undefined: from the end that the order begins with
   */
  async page(after: number | undefined, amount: number): Promise<AuditFound> {
    const isNewest = this.order === 'newest';
    const at = after ?? (isNewest ? Infinity : 0);
    const found: AuditRecord[] = [];
    let [leafCount, movesCount] = [0, 0];
    for await (const part of this.#parts(at)) {
      const records = part.records ?? (await this.#read(part));
      for (const record of isNewest ? records.toReversed() : records) {
        const isBehind = isNewest ? record.position < at : record.position > at;
        const parts = isBehind ? this.plan.takes(record) : undefined;
        if (parts === undefined) continue;
        if (parts.length > 0) {
          const before = isNewest ? record.position + 1 : record.position - 1;
          if (++movesCount > MOVES_PER_PAGE_MAX) return { records: found, next: before };
          if (!(await this.#changed(record, parts))) continue;
        }
        if (found.length === amount) return { records: found, next: found.at(-1)?.position };
        found.push(record);
      }
      if (++leafCount === LEAVES_PER_PAGE_MAX) {
        return { records: found, next: isNewest ? part.after + 1 : part.until };
      }
    }
    return { records: found, next: undefined };
  }

  async *#parts(at: number): AsyncGenerator<Part> {
    if (this.order === 'newest') {
      yield* this.#tail();
      for (const leaf of this.#leaves().toReversed()) if (leaf.after + 1 < at) yield leaf;
      yield* this.#grouped(({ after }) => after + 1 < at);
    } else {
      yield* this.#grouped(({ until }) => until > at);
      for (const leaf of this.#leaves()) if (leaf.until > at) yield leaf;
      yield* this.#tail();
    }
  }

  *#tail(): Generator<Part> {
    const { tail, end, leaves, groups } = this.sight;
    const after = leaves.at(-1)?.until ?? groups.at(-1)?.until ?? 0;
    if (tail.length > 0) yield { after, until: end, records: tail };
  }

  #leaves(): Part[] {
    const { plan, sight } = this;
    return sight.leaves.filter((leaf) => plan.mayBeIn(leaf) && mayHave(leaf, plan.clauses));
  }

  /** Reads few groups first, since those may be enough, then more at once. */
  async *#grouped(isAhead: (span: Span) => boolean): AsyncGenerator<Part> {
    const { plan, sight, order } = this;
    const ordinals = [...sight.groups.entries()]
      .filter(([, span]) => isAhead(span) && plan.mayBeIn(span))
      .map(([ordinal]) => ordinal);
    if (order === 'newest') ordinals.reverse();
    const chunks = chunksFor(plan.clauses);
    for (let from = 0, amount = 1; from < ordinals.length; from += amount) {
      if (from > 0) amount = Math.min(2 * amount, GROUPS_PER_READ_MAX);
      const groups = await this.sources.index.rows.group(
        ordinals.slice(from, from + amount),
        chunks,
      );
      for (const { spans, chunks: bits } of groups) {
        const leaves = leavesWith(plan.clauses, bits).flatMap((leaf) => spans[leaf] ?? []);
        if (order === 'newest') leaves.reverse();
        for (const leaf of leaves) if (isAhead(leaf) && plan.mayBeIn(leaf)) yield leaf;
      }
    }
  }

  async #changed(record: AuditRecord, parts: readonly TreePart[]): Promise<boolean> {
    for (const part of parts) {
      if (!(await this.sources.moves.changed(record, part))) return false;
    }
    return true;
  }

  async #read({ after, until }: Part): Promise<readonly AuditRecord[]> {
    const { index } = this.sources;
    const limit = index.sizes.leafEvents;
    const events = await index.log.readAll({ after, limit });
    return auditRecords(
      events.filter(({ position }) => position <= until),
      index.asked,
    );
  }
}

/** Leaves that one page looks into, since a filter may say "perhaps" of many: 50,000 events. */
const LEAVES_PER_PAGE_MAX = 200;
const GROUPS_PER_READ_MAX = 16;
/** Pairs of trees that one page compares. */
const MOVES_PER_PAGE_MAX = 100;
