import { Controller, Header, HttpCode } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { CreateBranch } from '../commands/branch/create-branch.js';
import { DeleteBranch } from '../commands/branch/delete-branch.js';
import type { Request } from '../commands/request.js';
import type { RepositoryId } from '../domain/model.js';
import { DiffBranch } from '../queries/diff-branch.js';
import { GetBranch } from '../queries/get-branch.js';
import { ListBranches } from '../queries/list-branches.js';
import type { PageRequest } from '../shared/page.js';
import { Asked } from './caller.js';
import { BranchCreation, branchWish } from './dto/branch-creation.js';
import { JsonBody } from './json-body.js';
import {
  AtBranch,
  OnBranch,
  PageQuery,
  type PlaceAtBranch,
  type PlaceOnBranch,
  QueryParams,
  RepositoryParam,
} from './params.js';
import type { Query } from './query.js';
import { DIFF, pageOf, REF } from './openapi/answer-schemas.js';
import { DELIMITER, PREFIX } from './openapi/parameter-schemas.js';
import { described, FLAG, TEXT } from './openapi/schema.js';
import { Serves } from './serves.js';
import { differenceJson, pageJson, refJson } from './wire.js';

@Controller()
export class BranchesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Serves('listBranches', {
    answers: pageOf(REF),
    query: { 'prefix?': PREFIX, 'show_hidden?': FLAG },
  })
  async list(
    @RepositoryParam() repository: RepositoryId,
    @PageQuery() page: PageRequest,
    @QueryParams() query: Query,
  ) {
    const showsHidden = query.flag('show_hidden');
    const filter = { prefix: query.text('prefix') ?? '', showsHidden };
    return pageJson(
      await this.queries.execute(new ListBranches(repository, page, filter)),
      refJson,
    );
  }

  /** The answer is the bare commit id, not JSON. */
  @Serves('createBranch', {
    answers: described(TEXT, "The commit's id"),
    answersAs: 'text/plain',
    refuses: [
      'branch_exists',
      'name_taken',
      'read_only_repository',
      'ref_not_found',
      'ref_invalid',
    ],
  })
  @Header('content-type', 'text/plain; charset=utf-8')
  create(
    @RepositoryParam() repository: RepositoryId,
    @JsonBody(BranchCreation) body: BranchCreation,
    @Asked() asked: Request,
  ): Promise<string> {
    return this.commands.execute(new CreateBranch(repository, branchWish(body), asked));
  }

  @Serves('getBranch', { answers: REF, refuses: ['branch_not_found'] })
  async get(@AtBranch() { repository, branch }: PlaceAtBranch) {
    return refJson(await this.queries.execute(new GetBranch(repository, branch)));
  }

  @Serves('deleteBranch', {
    query: { 'force?': FLAG },
    refuses: ['branch_not_found', 'default_branch', 'read_only_repository'],
  })
  @HttpCode(204)
  delete(
    @OnBranch() { repository, branch }: PlaceOnBranch,
    @QueryParams() query: Query,
    @Asked() asked: Request,
  ): Promise<void> {
    const options = { isForced: query.flag('force') };
    return this.commands.execute(new DeleteBranch(repository, branch, options, asked));
  }

  @Serves('diffBranch', {
    answers: pageOf(DIFF),
    query: { 'prefix?': PREFIX, 'delimiter?': DELIMITER },
    refuses: ['branch_not_found'],
  })
  async diff(
    @AtBranch() { repository, branch }: PlaceAtBranch,
    @PageQuery() page: PageRequest,
    @QueryParams() query: Query,
  ) {
    const filter = {
      prefix: query.text('prefix') ?? '',
      delimiter: query.text('delimiter') ?? '',
    };
    const found = await this.queries.execute(new DiffBranch(repository, branch, page, filter));
    return pageJson(found, differenceJson);
  }
}
