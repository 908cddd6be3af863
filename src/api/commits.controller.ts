import { Controller } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { CommitBranch } from '../commands/branch/commit-branch.js';
import type { Request } from '../commands/request.js';
import type { RepositoryId } from '../domain/model.js';
import { GetCommit } from '../queries/get-commit.js';
import { LogCommits } from '../queries/log-commits.js';
import type { PageRequest } from '../shared/page.js';
import { Asked } from './caller.js';
import { CommitCreation, commitWish } from './dto/commit-creation.js';
import { JsonBody } from './json-body.js';
import {
  AtRef,
  CommitParam,
  OnBranch,
  PageQuery,
  type PlaceAtRef,
  type PlaceOnBranch,
  QueryParams,
  RepositoryParam,
} from './params.js';
import { metaRangeId, objectPath, refText, timeMs } from './parse.js';
import type { Query } from './query.js';
import { COMMIT, pageOf } from './openapi/answer-schemas.js';
import { FLAG, listOf, TEXT } from './openapi/schema.js';
import { Serves } from './serves.js';
import { commitJson, pageJson } from './wire.js';

const LOG_QUERY = {
  'objects?': listOf(TEXT),
  'prefixes?': listOf(TEXT),
  'limit?': FLAG,
  'first_parent?': FLAG,
  'since?': { type: 'string', format: 'date-time' },
  'stop_at?': TEXT,
} as const;

@Controller()
export class CommitsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Serves('commit', {
    answers: COMMIT,
    query: { 'source_metarange?': TEXT },
    refuses: [
      'branch_not_found',
      'no_changes',
      'read_only_repository',
      'branch_busy',
      'intent_pending',
      'dirty_branch',
      'object_data_missing',
    ],
  })
  async commit(
    @OnBranch() { repository, branch }: PlaceOnBranch,
    @JsonBody(CommitCreation) body: CommitCreation,
    @QueryParams() query: Query,
    @Asked() asked: Request,
  ) {
    const given = query.has('source_metarange') ? query.required('source_metarange') : undefined;
    const tree = given === undefined ? undefined : metaRangeId(given, 'source_metarange');
    const command = new CommitBranch(repository, branch, { ...commitWish(body), tree }, asked);
    return commitJson(await this.commands.execute(command));
  }

  @Serves('getCommit', { answers: COMMIT, refuses: ['ref_not_found', 'ref_invalid'] })
  async get(@RepositoryParam() repository: RepositoryId, @CommitParam() ref: string) {
    return commitJson(await this.queries.execute(new GetCommit(repository, ref)));
  }

  @Serves('logCommits', {
    answers: pageOf(COMMIT),
    query: LOG_QUERY,
    refuses: ['log_ref_not_found', 'ref_invalid', 'commit_not_found'],
    about:
      'A page that has looked into many commits for paths may hold fewer than asked for; ' +
      '`next_offset` says where to go on.',
  })
  async log(
    @AtRef() { repository, ref }: PlaceAtRef,
    @PageQuery() page: PageRequest,
    @QueryParams() query: Query,
  ) {
    const found = await this.queries.execute(
      new LogCommits(repository, ref, page, logFilter(query)),
    );
    return pageJson(found, commitJson);
  }
}

function logFilter(query: Query): LogCommits['filter'] {
  // Empty is as good as left out: the contract's own clients send both, empty.
  const since = query.text('since') || undefined;
  const stopAt = query.text('stop_at') || undefined;
  return {
    isFirstParentOnly: query.flag('first_parent'),
    sinceMs: since === undefined ? undefined : timeMs(since, 'since'),
    stopAt: stopAt === undefined ? undefined : refText(stopAt, 'stop_at'),
    objects: query.all('objects').map((path) => objectPath(path, 'objects')),
    prefixes: query.all('prefixes'),
    endsWithPage: query.flag('limit'),
  };
}
