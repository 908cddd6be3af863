import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { AuditIndex } from '../../projections/audit/audit-index.js';
import type { Page } from '../../shared/page.js';
import { auditPage, auditPages } from './audit-answers.js';
import { TreeMoves } from './tree-moves.js';
import type { AuditPageRequest, AuditQuestion, NamedAuditRecord } from './audit-answers.js';

/**
 * Finds who did what. A page that has looked through much may hold fewer than asked for, or none,
 * and still name where to go on.
 *
 * @throws DomainError audit_behind
 */
export class FindAuditRecords extends Query<Page<NamedAuditRecord>> {
  constructor(
    readonly question: AuditQuestion,
    readonly page: AuditPageRequest,
  ) {
    super();
  }
}

/** All of it, as the log is now, a page at a time and no sooner than the last one was taken. */
export class StreamAuditRecords extends Query<AsyncIterable<readonly NamedAuditRecord[]>> {
  constructor(
    readonly question: AuditQuestion,
    readonly after: number | undefined,
  ) {
    super();
  }
}

@QueryHandler(FindAuditRecords)
export class FindAuditRecordsHandler implements IQueryHandler<FindAuditRecords> {
  constructor(
    readonly index: AuditIndex,
    readonly moves: TreeMoves,
  ) {}

  execute({ question, page }: FindAuditRecords): Promise<Page<NamedAuditRecord>> {
    return auditPage(this, question, page);
  }
}

@QueryHandler(StreamAuditRecords)
export class StreamAuditRecordsHandler implements IQueryHandler<StreamAuditRecords> {
  constructor(
    readonly index: AuditIndex,
    readonly moves: TreeMoves,
  ) {}

  execute({ question, after }: StreamAuditRecords) {
    return auditPages(this, question, after);
  }
}
