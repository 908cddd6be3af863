import { Controller, Req, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import type { FastifyReply } from 'fastify';
import { DomainError } from '../domain/errors.js';
import type { RepositoryId } from '../domain/model.js';
import { GetRepository } from '../queries/get-repository.js';
import { OpenBlock } from '../queries/open-block.js';
import type { EdgeRequest } from './caller.js';
import { sendBlock, sendTo } from './object-answer.js';
import { TABLE_LOCATION } from './openapi/answer-schemas.js';
import { BINARY, FLAG } from './openapi/schema.js';
import {
  MetadataObjectParam,
  queryOf,
  RepositoryParam,
  TableIdParam,
  type TableOfRepository,
} from './params.js';
import { Presigned } from './presigned.js';
import { Serves } from './serves.js';

/** Ranges and metaranges as they lie in the block store: what reads a whole commit reads them. */
@Controller()
export class MetadataObjectsController {
  constructor(
    private readonly queries: QueryBus,
    private readonly presigned: Presigned,
  ) {}

  @Serves('getMetadataObject', {
    answers: BINARY,
    answersAs: 'application/octet-stream',
    alsoAnswers: { 302: { about: 'With `presign`: where the bytes are' } },
    query: { 'presign?': FLAG },
    refuses: ['object_data_missing'],
  })
  async object(
    @MetadataObjectParam() { repository, id }: TableOfRepository,
    @Req() request: EdgeRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const isPresigned = queryOf(request).flag('presign');
    const { namespace } = await this.queries.execute(new GetRepository(repository));
    const address = `${namespace}/${locationOf(id)}`;
    const block = await this.queries.execute(new OpenBlock(address)).catch(noData);
    if (isPresigned)
      return sendTo(reply, this.presigned.readBlock(request, address, { checksum: id }));
    sendBlock(reply, await block.open(undefined), block.sizeBytes);
  }

  @Serves('getMetaRange', { answers: TABLE_LOCATION })
  metaRange(@RepositoryParam() repository: RepositoryId, @TableIdParam('meta_range') id: string) {
    return this.#location(repository, id);
  }

  @Serves('getRange', { answers: TABLE_LOCATION })
  range(@RepositoryParam() repository: RepositoryId, @TableIdParam('range') id: string) {
    return this.#location(repository, id);
  }

  /** Whether there is such a file is not asked, as in the contract's own server. */
  async #location(repository: RepositoryId, id: string) {
    await this.queries.execute(new GetRepository(repository));
    return { location: locationOf(id) };
  }
}

/** Relative to the namespace. */
function locationOf(id: string): string {
  return `_lakefs/${id}`;
}

/** It is named by a commit, so what is missing is its bytes. */
function noData(error: unknown): never {
  if (error instanceof DomainError && error.code === 'object_not_found') {
    throw new DomainError('object_data_missing');
  }
  throw error;
}
