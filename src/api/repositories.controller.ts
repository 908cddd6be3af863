import { Controller, HttpCode } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { AddSampleData } from '../commands/repository/add-sample-data.js';
import { CreateRepository } from '../commands/repository/create-repository.js';
import { DeleteRepository } from '../commands/repository/delete-repository.js';
import { SetRepositoryMetadata } from '../commands/repository/set-repository-metadata.js';
import type { Request } from '../commands/request.js';
import type { RepositoryId } from '../domain/model.js';
import { GetRepositoryMetadata } from '../queries/get-repository-metadata.js';
import { GetRepository } from '../queries/get-repository.js';
import { ListRepositories } from '../queries/list-repositories.js';
import type { PageRequest } from '../shared/page.js';
import { Asked } from './caller.js';
import { RepositoryCreation, repositoryWish } from './dto/repository-creation.js';
import {
  metadataChange,
  RepositoryMetadataKeys,
  RepositoryMetadataSet,
} from './dto/repository-metadata.js';
import { JsonBody } from './json-body.js';
import { metadataJson } from './metadata.js';
import { PageQuery, QueryParams, RepositoryParam } from './params.js';
import type { Query } from './query.js';
import { pageOf, REPOSITORY } from './openapi/answer-schemas.js';
import { PREFIX } from './openapi/parameter-schemas.js';
import { FLAG, METADATA, TEXT } from './openapi/schema.js';
import { Serves } from './serves.js';
import { pageJson, repositoryJson } from './wire.js';

@Controller()
export class RepositoriesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Serves('listRepositories', {
    answers: pageOf(REPOSITORY),
    query: { 'prefix?': PREFIX, 'search?': TEXT },
  })
  async list(@PageQuery() page: PageRequest, @QueryParams() query: Query) {
    const filter = { prefix: query.text('prefix') ?? '', search: query.text('search') ?? '' };
    return pageJson(await this.queries.execute(new ListRepositories(page, filter)), repositoryJson);
  }

  @Serves('createRepository', {
    answers: REPOSITORY,
    query: { 'bare?': FLAG },
    refuses: ['namespace_in_use', 'namespace_invalid', 'repository_exists'],
  })
  async create(
    @JsonBody(RepositoryCreation) body: RepositoryCreation,
    @QueryParams() query: Query,
    @Asked() asked: Request,
  ) {
    const wish = repositoryWish(body, { isBare: query.flag('bare') });
    const repository = await this.commands.execute(new CreateRepository(wish, asked));
    if (body.sample_data === true && !wish.isBare) {
      await this.commands.execute(new AddSampleData(repository, asked));
    }
    return repositoryJson(repository);
  }

  @Serves('getRepository', { answers: REPOSITORY })
  async get(@RepositoryParam() repository: RepositoryId) {
    return repositoryJson(await this.queries.execute(new GetRepository(repository)));
  }

  @Serves('deleteRepository', { query: { 'force?': FLAG }, refuses: ['read_only_repository'] })
  @HttpCode(204)
  delete(
    @RepositoryParam() repository: RepositoryId,
    @QueryParams() query: Query,
    @Asked() asked: Request,
  ): Promise<void> {
    const options = { isForced: query.flag('force') };
    return this.commands.execute(new DeleteRepository(repository, options, asked));
  }

  @Serves('getRepositoryMetadata', { answers: METADATA })
  async metadata(@RepositoryParam() repository: RepositoryId) {
    return metadataJson(await this.queries.execute(new GetRepositoryMetadata(repository)));
  }

  @Serves('setRepositoryMetadata', { refuses: ['read_only_repository'] })
  @HttpCode(204)
  setMetadata(
    @RepositoryParam() repository: RepositoryId,
    @JsonBody(RepositoryMetadataSet) body: RepositoryMetadataSet,
    @Asked() asked: Request,
  ): Promise<void> {
    return this.commands.execute(
      new SetRepositoryMetadata(repository, metadataChange(body), asked),
    );
  }

  @Serves('deleteRepositoryMetadata', { refuses: ['read_only_repository'] })
  @HttpCode(204)
  unsetMetadata(
    @RepositoryParam() repository: RepositoryId,
    @JsonBody(RepositoryMetadataKeys) { keys }: RepositoryMetadataKeys,
    @Asked() asked: Request,
  ): Promise<void> {
    return this.commands.execute(
      new SetRepositoryMetadata(repository, { set: [], unset: keys }, asked),
    );
  }
}
