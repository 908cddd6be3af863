import type { BranchId, ObjectPath, RepositoryUid } from '../../domain/model.js';
import {
  isStep,
  type AuditOperation,
  type AuditRecord,
} from '../../projections/audit/audit-record.js';
import { afterPrefix, justAfter, utf8 } from '../../shared/bytes.js';
import { isMove, MOVES, type TreePart } from './tree-moves.js';
import {
  clauseOfPath,
  clauseOfPrefix,
  wordOf,
  type Clause,
} from '../../projections/audit/audit-terms.js';

/** What somebody looks for; what is left out may be anything, of several values any will do. */
export interface AuditFilter {
  readonly callers: readonly string[];
  /** Inclusive. */
  readonly sinceMs?: number | undefined;
  /** Exclusive. */
  readonly untilMs?: number | undefined;
  readonly operations: readonly AuditOperation[];
  /** Of events. */
  readonly types: readonly string[];
  readonly branch?: BranchId | undefined;
  readonly path?: ObjectPath | undefined;
  readonly prefix?: string | undefined;
  readonly requestId?: string | undefined;
  readonly commandId?: string | undefined;
  readonly commitId?: string | undefined;
  /** Steps are shown too, not only those whose types are asked for. */
  readonly showsSteps: boolean;
  /** Of a path or a prefix: what led the branch to another tree is looked into, too. */
  readonly showsMoves: boolean;
}

/** A filter, ready to be asked of summaries and of records. */
export class AuditPlan {
  /** What a summary must have, or it has no such record. */
  readonly clauses: readonly Clause[];

  /** @param uids  the repositories that are meant; undefined: any */
  constructor(
    private readonly filter: AuditFilter,
    private readonly uids: ReadonlySet<RepositoryUid> | undefined,
  ) {
    this.clauses = clausesOf(filter, uids);
  }

  /** Returns whether something of a span's times may be meant. */
  mayBeIn({ minAtMs, maxAtMs }: { readonly minAtMs: number; readonly maxAtMs: number }): boolean {
    const { sinceMs = -Infinity, untilMs = Infinity } = this.filter;
    return maxAtMs >= sinceMs && minAtMs < untilMs;
  }

  /**
   * Returns the parts of a tree in which a record must have changed something to be meant; none:
   * it is. Undefined: it is not.
   */
  takes(record: AuditRecord): readonly TreePart[] | undefined {
    if (!this.#isMeant(record)) return undefined;
    const { path, prefix, showsMoves } = this.filter;
    const parts: TreePart[] = [];
    if (path !== undefined && !isAbout(record, path)) {
      parts.push({ from: utf8(path), until: justAfter(utf8(path)) });
    }
    if (prefix !== undefined && !isBelow(record, prefix)) {
      const until = afterPrefix(utf8(prefix));
      parts.push({ from: utf8(prefix), ...(until && { until }) });
    }
    return parts.length === 0 || (showsMoves && isMove(record)) ? parts : undefined;
  }

  #isMeant(record: AuditRecord): boolean {
    const { sinceMs = -Infinity, untilMs = Infinity } = this.filter;
    return (
      record.atMs >= sinceMs &&
      record.atMs < untilMs &&
      this.#isOfWho(record) &&
      this.#isOfKind(record) &&
      this.#isThere(record)
    );
  }

  #isOfWho({ caller, requestId, commandId }: AuditRecord): boolean {
    const { callers, requestId: request, commandId: command } = this.filter;
    return (
      (callers.length === 0 || callers.includes(caller)) &&
      (request === undefined || requestId === request) &&
      (command === undefined || commandId === command)
    );
  }

  #isOfKind(record: AuditRecord): boolean {
    const { operations, types, showsSteps } = this.filter;
    if (types.includes(record.type)) return true;
    if (isStep(record) && !showsSteps) return false;
    return operations.includes(record.operation) || operations.length + types.length === 0;
  }

  #isThere(record: AuditRecord): boolean {
    const { branch, commitId } = this.filter;
    const uid = record.repository?.uid;
    return (
      (this.uids === undefined || (uid !== undefined && this.uids.has(uid))) &&
      (branch === undefined || record.branch === branch) &&
      (commitId === undefined || record.commitId === commitId)
    );
  }
}

function isAbout({ paths, prefixes }: AuditRecord, path: ObjectPath): boolean {
  return paths?.includes(path) === true || prefixes?.some((at) => path.startsWith(at)) === true;
}

function isBelow({ paths, prefixes }: AuditRecord, prefix: string): boolean {
  return (
    paths?.some((path) => path.startsWith(prefix)) === true ||
    prefixes?.some((at) => at.startsWith(prefix) || prefix.startsWith(at)) === true
  );
}

function clausesOf(
  filter: AuditFilter,
  uids: ReadonlySet<RepositoryUid> | undefined,
): readonly Clause[] {
  const { callers, operations, types, branch, path, prefix } = filter;
  const moves = filter.showsMoves ? MOVES.map((each) => wordOf('operation', each)) : [];
  const kinds = [
    ...operations.map((each) => wordOf('operation', each)),
    ...types.map((each) => wordOf('type', each)),
  ];
  const clauses: Clause[] = [
    callers.map((each) => wordOf('caller', each)),
    kinds,
    [...(uids ?? [])].map((each) => wordOf('repository', each)),
    ...(branch === undefined ? [] : [[wordOf('branch', branch)]]),
    ...(path === undefined ? [] : [[...clauseOfPath(path), ...moves]]),
    ...(prefix === undefined ? [] : [[...clauseOfPrefix(prefix), ...moves]]),
    ...(filter.requestId === undefined ? [] : [[wordOf('request', filter.requestId)]]),
    ...(filter.commandId === undefined ? [] : [[wordOf('command', filter.commandId)]]),
    ...(filter.commitId === undefined ? [] : [[wordOf('commit', filter.commitId)]]),
  ];
  return clauses.filter((clause) => clause.length > 0);
}
