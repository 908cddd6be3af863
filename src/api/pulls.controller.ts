import { Controller, HttpCode } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ChangePull } from '../commands/pull/change-pull.js';
import { MergePull } from '../commands/pull/merge-pull.js';
import { OpenPull } from '../commands/pull/open-pull.js';
import type { Request } from '../commands/request.js';
import type { PullId, RepositoryId } from '../domain/model.js';
import { GetPull } from '../queries/get-pull.js';
import { ListPulls } from '../queries/list-pulls.js';
import type { PageRequest } from '../shared/page.js';
import { Asked } from './caller.js';
import {
  listedPullJson,
  PULL_CREATED,
  PULL_REQUEST,
  PullRequestChange,
  PullRequestCreation,
  pullChange,
  pullJson,
  pullWish,
} from './dto/pull-requests.js';
import { JsonBody } from './json-body.js';
import { MERGE_RESULT, pageOf } from './openapi/answer-schemas.js';
import { PREFIX } from './openapi/parameter-schemas.js';
import { oneOf } from './openapi/schema.js';
import { PageQuery, PullParam, QueryParams, RepositoryParam } from './params.js';
import type { Query } from './query.js';
import { Serves } from './serves.js';
import { pageJson } from './wire.js';

const STATUSES = ['all', 'open', 'closed'] as const;

@Controller()
export class PullsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Serves('listPullRequests', {
    answers: pageOf(PULL_REQUEST, 'PullRequestsList'),
    query: { 'prefix?': PREFIX, 'status?': oneOf(...STATUSES) },
    about: 'The newest first; `closed` lists merged ones too. Descriptions are left out.',
  })
  async list(
    @RepositoryParam() repository: RepositoryId,
    @PageQuery() page: PageRequest,
    @QueryParams() query: Query,
  ) {
    const status = query.word('status', STATUSES, 'all');
    const filter = { prefix: query.text('prefix') ?? '', status };
    const found = await this.queries.execute(new ListPulls(repository, page, filter));
    return pageJson(found, listedPullJson);
  }

  @Serves('createPullRequest', {
    answers: PULL_CREATED,
    refuses: ['branch_not_found', 'same_branch'],
  })
  async open(
    @RepositoryParam() repository: RepositoryId,
    @JsonBody(PullRequestCreation) body: PullRequestCreation,
    @Asked() asked: Request,
  ) {
    const id = await this.commands.execute(new OpenPull(repository, pullWish(body), asked));
    return { id };
  }

  @Serves('getPullRequest', { answers: PULL_REQUEST, refuses: ['pull_not_found'] })
  async get(@RepositoryParam() repository: RepositoryId, @PullParam() id: PullId) {
    return pullJson(await this.queries.execute(new GetPull(repository, id)));
  }

  @Serves('updatePullRequest', { refuses: ['pull_not_found'] })
  @HttpCode(204)
  change(
    @RepositoryParam() repository: RepositoryId,
    @PullParam() id: PullId,
    @JsonBody(PullRequestChange) body: PullRequestChange,
    @Asked() asked: Request,
  ): Promise<void> {
    return this.commands.execute(new ChangePull(repository, id, pullChange(body), asked));
  }

  @Serves('mergePullRequest', {
    answers: MERGE_RESULT,
    refuses: [
      'pull_not_found',
      'pull_not_open',
      'branch_not_found',
      'commit_ref_not_found',
      'dirty_branch',
      'merge_conflict',
      'no_changes',
      'no_merge_base',
      'read_only_repository',
      'branch_busy',
      'intent_pending',
    ],
  })
  async merge(
    @RepositoryParam() repository: RepositoryId,
    @PullParam() id: PullId,
    @Asked() asked: Request,
  ) {
    return { reference: await this.commands.execute(new MergePull(repository, id, asked)) };
  }
}
