import { Readable } from 'node:stream';
import { Controller, Logger, Req, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import type { FastifyReply } from 'fastify';
import { assertMayAudit } from '../auth/may-audit.js';
import { FindAuditRecords, StreamAuditRecords } from '../queries/audit/find-audit-records.js';
import { auditCsv } from './audit-csv.js';
import { AUDIT_RECORD, auditJson } from './audit-json.js';
import { AUDIT_QUERY, auditRequestOf } from './audit-query.js';
import type { EdgeRequest } from './caller.js';
import { queryOf } from './params.js';
import { pageOf } from './openapi/answer-schemas.js';
import { TEXT } from './openapi/schema.js';
import { Serves } from './serves.js';
import { pageJson } from './wire.js';

/** Who did what, when. */
@Controller()
export class AuditController {
  constructor(private readonly queries: QueryBus) {}

  @Serves('readAudit', {
    answers: pageOf(AUDIT_RECORD),
    query: AUDIT_QUERY,
    headers: { 'accept?': TEXT },
    refuses: ['audit_behind'],
    about:
      'Who did what, when, to which repository, branch or object: see docs/audit.md. A page that ' +
      'has looked through much may hold fewer than asked for; `next_offset` says where to go on. ' +
      'With `format=csv`, or `Accept: text/csv`, all that matches comes as one table.',
  })
  async read(
    @Req() request: EdgeRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    assertMayAudit(request.user);
    const { question, page, isCsv } = auditRequestOf(queryOf(request), request.headers.accept);
    if (!isCsv) {
      return pageJson(await this.queries.execute(new FindAuditRecords(question, page)), auditJson);
    }
    const pages = await this.queries.execute(new StreamAuditRecords(question, page.after));
    void reply.headers({
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': 'attachment; filename="audit.csv"',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    return Readable.from(wholeOrLogged(auditCsv(pages)), { objectMode: false });
  }
}

/** No status can say any more that a table is not whole: the connection breaks off. */
async function* wholeOrLogged(table: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* table;
  } catch (error) {
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
    logger.error(`an answer broke off in the middle of the audit: ${said}`);
    throw error;
  }
}

const logger = new Logger('api');
