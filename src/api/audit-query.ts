import { DomainError } from '../domain/errors.js';
import { eventSchemas } from '../domain/event-types.js';
import { isOutsideType } from '../domain/outside-event.js';
import type { RepositoryUid } from '../domain/model.js';
import { AUDIT_WORDS, type AuditOperation } from '../queries/audit/audit-words.js';
import type { AuditQuestion } from '../queries/audit/audit-answers.js';
import { nearest } from '../shared/nearest.js';
import { branchId, objectPath, pageRequest, positionOf, repositoryId, timeMs } from './parse.js';
import { described, type Fields, FLAG, listOf, nameOf, oneOf, TEXT } from './openapi/schema.js';
import { AMOUNT } from './openapi/parameter-schemas.js';
import type { Query } from './query.js';

const TIME = { type: 'string', format: 'date-time' } as const;

/** What a question to the audit may say. */
export const AUDIT_QUERY: Fields = {
  'caller?': described(listOf(TEXT), 'A user; of several, any of them'),
  'since?': described(TIME, 'Not before this time'),
  'until?': described(TIME, 'Before this time'),
  'type?': described(listOf(TEXT), 'An operation, or the type of an event; of several, any'),
  'repository?': described(TEXT, 'Every repository that has or had this name'),
  'repository_uid?': TEXT,
  'branch?': TEXT,
  'path?': described(TEXT, 'An object'),
  'prefix?': described(TEXT, 'Objects whose paths begin so; fast where it ends with a slash'),
  'commit_id?': TEXT,
  'request_id?': TEXT,
  'command_id?': TEXT,
  'moves?': described(FLAG, 'With `path` or `prefix`: also merges and the like that changed it'),
  'steps?': described(FLAG, 'With the steps in which operations are done'),
  'order?': { ...oneOf('newest', 'oldest'), default: 'newest' },
  'after?': described(TEXT, 'The `next_offset` of the page before'),
  'amount?': AMOUNT,
  'format?': oneOf('json', 'csv'),
};

export interface AuditRequest {
  readonly question: AuditQuestion;
  readonly page: { readonly after: number | undefined; readonly amount: number };
  readonly isCsv: boolean;
}

/** @throws DomainError invalid  naming the parameter; one that is misspelt would ask for all */
export function auditRequestOf(query: Query, accept: string | undefined): AuditRequest {
  query.assertOnly(Object.keys(AUDIT_QUERY).map(nameOf));
  const said = (name: string) => query.text(name) || undefined;
  const [since, until] = [said('since'), said('until')];
  const [repository, branch, path] = [said('repository'), said('branch'), said('path')];
  const kinds = query.all('type').map(kindOf);
  const { after, amount } = pageRequest(query);
  const prefersCsv = accept?.includes('text/csv') === true && !accept.includes('json');
  return {
    question: {
      filter: {
        callers: query.all('caller'),
        sinceMs: since === undefined ? undefined : timeMs(since, 'since'),
        untilMs: until === undefined ? undefined : timeMs(until, 'until'),
        operations: kinds.flatMap(({ operation }) => operation ?? []),
        types: kinds.flatMap(({ type }) => type ?? []),
        branch: branch === undefined ? undefined : branchId(branch),
        path: path === undefined ? undefined : objectPath(path),
        prefix: said('prefix'),
        requestId: said('request_id'),
        commandId: said('command_id'),
        commitId: said('commit_id'),
        showsSteps: query.flag('steps'),
        showsMoves: query.flag('moves'),
      },
      repository: repository === undefined ? undefined : repositoryId(repository),
      repositoryUid: said('repository_uid') as RepositoryUid | undefined,
      order: query.word('order', ['newest', 'oldest'], 'newest'),
    },
    page: { after: afterOf(after), amount },
    isCsv: query.word('format', ['json', 'csv'], prefersCsv ? 'csv' : 'json') === 'csv',
  };
}

function kindOf(text: string): { operation?: AuditOperation; type?: string } {
  const operation = AUDIT_WORDS.find((each) => each === text);
  if (operation !== undefined) return { operation };
  if (Object.hasOwn(eventSchemas, text) || isOutsideType(text)) return { type: text };
  const known = nearest(text, [...AUDIT_WORDS, ...Object.keys(eventSchemas)]);
  const reason = `no operation and no event type is called '${text}'; did you mean '${known}'?`;
  throw new DomainError('invalid', { field: 'type', reason });
}

function afterOf(text: string): number | undefined {
  if (text === '') return undefined;
  const position = positionOf(text);
  if (position !== undefined) return position;
  throw new DomainError('invalid', { field: 'after', reason: 'is no next_offset of the audit' });
}
