import { Controller, Get, Head, Put, Req, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { FastifyReply } from 'fastify';
import type { AnswerFields } from '../auth/block-urls.js';
import { StoreBlock } from '../commands/address/store-block.js';
import { StorePart } from '../commands/multipart/store-part.js';
import type { Request } from '../commands/request.js';
import type { ObjectEntry, StorageNamespace } from '../domain/model.js';
import { OpenBlock } from '../queries/open-block.js';
import type { FoundObject } from '../queries/stat-object.js';
import { Asked, type EdgeRequest } from './caller.js';
import { refuseConditions } from './conditions.js';
import {
  entityTag,
  isKnown,
  rangeAsked,
  sendNotModified,
  sendObject,
  sendObjectHead,
} from './object-answer.js';
import { Presigned } from './presigned.js';
import { takeBody } from './upload-body.js';

/** What presigned URLs lead to: bytes by their address. The URL itself is the permission. */
@Controller()
export class BlocksController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly presigned: Presigned,
  ) {}

  @Get('_blocks/*')
  async get(@Req() request: EdgeRequest, @Res() reply: FastifyReply): Promise<void> {
    const { headers } = request;
    const { address, answer } = this.presigned.block(request, 'GET');
    refuseConditions(headers, 'if-none-match', 'if-range');
    const block = await this.queries.execute(new OpenBlock(address));
    const found = asObject(block, answer);
    if (isKnown(headers, found)) return sendNotModified(reply, found);
    const range = rangeAsked(headers, found);
    const bytes = await block.open(range);
    void reply.header('accept-ranges', 'bytes');
    sendObject(reply, found, { range, bytes, disposition: answer.contentDisposition });
  }

  @Head('_blocks/*')
  async head(@Req() request: EdgeRequest, @Res() reply: FastifyReply): Promise<void> {
    const { headers } = request;
    const { address, answer } = this.presigned.block(request, 'GET');
    refuseConditions(headers, 'if-none-match', 'if-range');
    const block = await this.queries.execute(new OpenBlock(address));
    const found = asObject(block, answer);
    sendObjectHead(reply, found, rangeAsked(headers, found));
  }

  @Put('_blocks/*')
  async put(@Req() request: EdgeRequest, @Res() reply: FastifyReply): Promise<void> {
    const { address } = this.presigned.block(request, 'PUT');
    const { md5 } = await takeBody(request, (body) =>
      this.commands.execute(new StoreBlock(address, body)),
    );
    sendStored(reply, md5);
  }

  @Put('_parts/*')
  async putPart(
    @Req() request: EdgeRequest,
    @Res() reply: FastifyReply,
    @Asked() asked: Request,
  ): Promise<void> {
    const place = this.presigned.part(request);
    const { md5 } = await takeBody(request, (body) =>
      this.commands.execute(new StorePart(place, body, asked)),
    );
    sendStored(reply, md5);
  }
}

/** As S3 answers: clients take the checksum of what they sent from there. */
function sendStored(reply: FastifyReply, md5: string): void {
  void reply.status(200).header('etag', entityTag(md5)).send();
}

/** A block as the object that its URL was made for. */
function asObject(
  block: { readonly sizeBytes: number; readonly modifiedAtMs: number },
  { checksum = '', contentType = '', modifiedAtMs = block.modifiedAtMs }: AnswerFields,
): FoundObject {
  const entry: ObjectEntry = {
    address: '',
    addressType: 'full',
    checksum,
    sizeBytes: block.sizeBytes,
    modifiedAtMs,
    contentType,
    metadata: [],
  };
  return { entry, namespace: '' as StorageNamespace };
}
