import { Controller, HttpCode } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { Request } from '../commands/request.js';
import { CreateTag } from '../commands/tag/create-tag.js';
import { DeleteTag } from '../commands/tag/delete-tag.js';
import type { RepositoryId, TagId } from '../domain/model.js';
import { GetTag } from '../queries/get-tag.js';
import { ListTags } from '../queries/list-tags.js';
import type { PageRequest } from '../shared/page.js';
import { Asked } from './caller.js';
import { TagCreation, tagWish } from './dto/tag-creation.js';
import { JsonBody } from './json-body.js';
import { PageQuery, QueryParams, RepositoryParam, TagParam } from './params.js';
import type { Query } from './query.js';
import { pageOf, REF } from './openapi/answer-schemas.js';
import { PREFIX } from './openapi/parameter-schemas.js';
import { FLAG } from './openapi/schema.js';
import { Serves } from './serves.js';
import { pageJson, refJson } from './wire.js';

@Controller()
export class TagsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Serves('listTags', { answers: pageOf(REF), query: { 'prefix?': PREFIX } })
  async list(
    @RepositoryParam() repository: RepositoryId,
    @PageQuery() page: PageRequest,
    @QueryParams() query: Query,
  ) {
    const filter = { prefix: query.text('prefix') ?? '' };
    return pageJson(await this.queries.execute(new ListTags(repository, page, filter)), refJson);
  }

  @Serves('createTag', {
    answers: REF,
    refuses: ['name_taken', 'read_only_repository', 'ref_invalid', 'ref_not_found', 'tag_exists'],
  })
  async create(
    @RepositoryParam() repository: RepositoryId,
    @JsonBody(TagCreation) body: TagCreation,
    @Asked() asked: Request,
  ) {
    const command = new CreateTag(repository, tagWish(body), asked);
    return refJson({ name: body.id, commitId: await this.commands.execute(command) });
  }

  @Serves('getTag', { answers: REF, refuses: ['tag_not_found'] })
  async get(@RepositoryParam() repository: RepositoryId, @TagParam() tag: TagId) {
    return refJson(await this.queries.execute(new GetTag(repository, tag)));
  }

  @Serves('deleteTag', {
    query: { 'force?': FLAG },
    refuses: ['read_only_repository', 'tag_not_found'],
  })
  @HttpCode(204)
  delete(
    @RepositoryParam() repository: RepositoryId,
    @TagParam() tag: TagId,
    @QueryParams() query: Query,
    @Asked() asked: Request,
  ): Promise<void> {
    const options = { isForced: query.flag('force') };
    return this.commands.execute(new DeleteTag(repository, tag, options, asked));
  }
}
