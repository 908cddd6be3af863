import { auditJson } from './audit-json.js';
import type { NamedAuditRecord } from '../queries/audit/audit-answers.js';

/** In this order; more may come behind them. */
export const AUDIT_COLUMNS = [
  'time',
  'caller',
  'operation',
  'failure',
  'repository',
  'branch',
  'tag',
  'path',
  'prefixes',
  'source',
  'commit_id',
  'former_commit_id',
  'pull_request',
  'type',
  'repository_uid',
  'request_id',
  'command_id',
  'position',
] as const;

/** Yields a table as RFC 4180 has it, its names first. */
export async function* auditCsv(
  pages: AsyncIterable<readonly NamedAuditRecord[]>,
): AsyncGenerator<Buffer> {
  yield Buffer.from(lineOf(AUDIT_COLUMNS));
  for await (const page of pages) {
    if (page.length > 0) yield Buffer.from(page.map(recordLine).join(''));
  }
}

function recordLine(record: NamedAuditRecord): string {
  const json: Readonly<Record<string, unknown>> = auditJson(record);
  return lineOf(
    AUDIT_COLUMNS.map((column) => {
      const value = json[column] ?? '';
      return typeof value === 'object' ? JSON.stringify(value) : String(value);
    }),
  );
}

const lineOf = (cells: readonly string[]): string => `${cells.map(cellOf).join(',')}\r\n`;

/**
 * Returns a cell. What a spreadsheet would run has an apostrophe before it; what has one already
 * gets another, so that taking one away from each cell that begins so gives back what was meant.
 */
export function cellOf(text: string): string {
  const safe = runs.test(text) ? `'${text}` : text;
  return quoted.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const runs = /^['=+\-@\t\r\n]/;
const quoted = /[",\r\n]/;
