import { Controller } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import type { ResetScope } from '../domain/branch/branch.wishes.js';
import type { ReflogEntry } from '../queries/as-of/reflog.js';
import { ListReflog } from '../queries/list-reflog.js';
import { pageOf } from './openapi/answer-schemas.js';
import { described, fieldsSchema, nullable, shape, TEXT, whole } from './openapi/schema.js';
import { OnBranch, PageQuery, type PlaceOnBranch, QueryParams } from './params.js';
import type { PageRequest } from '../shared/page.js';
import type { Query } from './query.js';
import { Serves } from './serves.js';
import { pageJson } from './wire.js';

const ENTRY = shape('ReflogEntry', {
  operation: described(
    TEXT,
    'create, commit, merge, revert, cherry-pick, import, hard-reset, reset, undo, restore, delete',
  ),
  at: { type: 'string', format: 'date-time' },
  caller: described(TEXT, 'Who asked for it'),
  message: TEXT,
  from: described(nullable(TEXT), "The head's commit before; null: there was no branch"),
  to: described(nullable(TEXT), "The head's commit since; null: there is no branch any more"),
  ref: described(TEXT, 'Names the branch as it was right behind it'),
  ref_before: described(TEXT, 'Names the branch as it was right before it'),
  revision: described(whole(0), "The event's, among those of branches of this name"),
  position: described(whole(0), "The event's, in the whole log"),
  request_id: TEXT,
  command_id: TEXT,
  'scope?': described(
    fieldsSchema({ type: TEXT, 'path?': TEXT }),
    'Of a reset: what was thrown away, as `resetBranch` is asked for it',
  ),
  'undoes?': described(whole(0), 'Of an undo or a restore: the revision of what it took back'),
});

/** What happened to a branch. */
@Controller()
export class ReflogController {
  constructor(private readonly queries: QueryBus) {}

  @Serves('listReflog', {
    answers: pageOf(ENTRY),
    refuses: ['branch_not_found', 'repository_not_found'],
    about:
      'What happened to the branches of a name, newest first; those that are deleted too. ' +
      '`after` is a revision. A page may hold fewer than asked for: `has_more` says if so.',
  })
  async list(
    @OnBranch() { repository, branch }: PlaceOnBranch,
    @PageQuery() { amount }: PageRequest,
    @QueryParams() query: Query,
  ) {
    // Empty is as good as left out.
    const isBegun = query.text('after') === undefined || query.text('after') === '';
    const bounds = { untold: 0, min: 0, max: Number.MAX_SAFE_INTEGER };
    const page = { before: isBegun ? undefined : query.integer('after', bounds), amount };
    const found = await this.queries.execute(new ListReflog(repository, branch, page));
    return pageJson(found, (entry) => entryJson(branch, entry));
  }
}

function entryJson(branch: string, entry: ReflogEntry) {
  const { operation, atMs, caller, message, from, to, revision, position, scope } = entry;
  return {
    operation,
    at: new Date(atMs).toISOString(),
    caller,
    message,
    from,
    to,
    ref: `${branch}@{r${revision}}`,
    ref_before: `${branch}@{p${position - 1}}`,
    revision,
    position,
    request_id: entry.requestId,
    command_id: entry.commandId,
    ...(scope && { scope: scopeJson(scope) }),
    ...(entry.undoes !== undefined && { undoes: entry.undoes }),
  };
}

/** The contract's own words. */
function scopeJson(scope: ResetScope) {
  switch (scope.kind) {
    case 'all':
      return { type: 'reset' };
    case 'prefix':
      return { type: 'common_prefix', path: scope.prefix };
    case 'object':
      return { type: 'object', path: scope.path };
  }
}
