import { Controller, HttpCode, Req, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { FastifyReply } from 'fastify';
import { AbortMultipart } from '../commands/multipart/abort-multipart.js';
import { CompleteMultipart } from '../commands/multipart/complete-multipart.js';
import { FindUpload } from '../commands/multipart/find-upload.js';
import { StartMultipart } from '../commands/multipart/start-multipart.js';
import { assertPartNumber, StorePart } from '../commands/multipart/store-part.js';
import type { NamedUpload } from '../commands/multipart/uploads.js';
import type { Request } from '../commands/request.js';
import { OpenObject } from '../queries/open-object.js';
import { StatObject } from '../queries/stat-object.js';
import { byteRangeOf } from './byte-range.js';
import { Asked, type EdgeRequest } from './caller.js';
import {
  AbortPresignMultipartUpload,
  CompletePresignMultipartUpload,
  objectOfParts,
  PARTS_MAX,
  partSource,
  UploadPartCopyFrom,
  UploadPartFrom,
} from './dto/multipart.js';
import { JsonBody } from './json-body.js';
import { entityTag } from './object-answer.js';
import { OBJECT_STATS, PRESIGNED_MULTIPART, UPLOAD_TO } from './openapi/answer-schemas.js';
import { whole } from './openapi/schema.js';
import {
  ObjectOnBranch,
  type ObjectPlaceOnBranch,
  PartParam,
  queryOf,
  UploadParam,
} from './params.js';
import { Presigned } from './presigned.js';
import { Serves } from './serves.js';
import { objectJson } from './wire.js';

const MISNAMED = [
  'address_expired',
  'address_forged',
  'address_not_relative',
  'address_unsigned',
  'upload_not_found',
] as const;
const UNWRITABLE = ['branch_not_found', 'protected_branch_write', 'read_only_repository'] as const;

/** Uploads in parts, each of which a client stores by a presigned URL. */
@Controller()
export class MultipartController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly presigned: Presigned,
  ) {}

  @Serves('createPresignMultipartUpload', {
    answers: PRESIGNED_MULTIPART,
    query: { 'parts?': whole(0, PARTS_MAX) },
    refuses: ['branch_not_found', 'read_only_repository'],
  })
  async create(
    @ObjectOnBranch() { repository, branch, path }: ObjectPlaceOnBranch,
    @Req() request: EdgeRequest,
    @Asked() asked: Request,
  ) {
    const parts = queryOf(request).integer('parts', { untold: 0, min: 0, max: PARTS_MAX });
    const command = new StartMultipart(repository, branch, path, asked);
    const { uid, uploadId, physicalAddress } = await this.commands.execute(command);
    const urls = Array.from(
      { length: parts },
      (_, at) => this.presigned.writePart(request, { uid, uploadId, partNumber: at + 1 }).url,
    );
    return {
      upload_id: uploadId,
      physical_address: physicalAddress,
      ...(parts > 0 && { presigned_urls: urls }),
    };
  }

  @Serves('uploadPart', { answers: UPLOAD_TO, refuses: MISNAMED })
  async part(
    @PartParam() { partNumber, ...place }: UploadOnBranch & { readonly partNumber: number },
    @JsonBody(UploadPartFrom) body: UploadPartFrom,
    @Req() request: EdgeRequest,
  ) {
    assertPartNumber(partNumber);
    const upload = await this.commands.execute(new FindUpload(named(place, body)));
    return { presigned_url: this.presigned.writePart(request, { ...upload, partNumber }).url };
  }

  @Serves('uploadPartCopy', {
    refuses: [
      ...MISNAMED,
      'object_data_missing',
      'object_not_found',
      'part_size',
      'range_not_satisfiable',
      'ref_invalid',
      'ref_not_found',
    ],
  })
  @HttpCode(204)
  async copyPart(
    @PartParam() { partNumber, ...place }: UploadOnBranch & { readonly partNumber: number },
    @JsonBody(UploadPartCopyFrom) body: UploadPartCopyFrom,
    @Asked() asked: Request,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    assertPartNumber(partNumber);
    const { repository, ref, path, range } = partSource(body);
    const upload = await this.commands.execute(new FindUpload(named(place, body)));
    const found = await this.queries.execute(new StatObject(repository, ref, path));
    const bounds = range === undefined ? undefined : byteRangeOf(range, found.entry.sizeBytes);
    const bytes = await this.queries.execute(new OpenObject(repository, found, bounds));
    const command = new StorePart({ ...upload, partNumber }, bytes, asked);
    void reply.header('etag', entityTag((await this.commands.execute(command)).md5));
  }

  @Serves('completePresignMultipartUpload', {
    answers: OBJECT_STATS,
    refuses: [...MISNAMED, ...UNWRITABLE, 'part_invalid', 'part_size', 'parts_order'],
  })
  async complete(
    @UploadParam() place: UploadOnBranch,
    @JsonBody(CompletePresignMultipartUpload) body: CompletePresignMultipartUpload,
    @Asked() asked: Request,
  ) {
    const upload = named(place, body);
    const command = new CompleteMultipart(upload, objectOfParts(body), asked);
    const { path, physicalAddress } = upload;
    const entry = await this.commands.execute(command);
    const namespace = physicalAddress.slice(0, -entry.address.length - 1);
    return objectJson({ path, entry, namespace: namespace as PlacedNamespace });
  }

  @Serves('abortPresignMultipartUpload', { refuses: MISNAMED })
  @HttpCode(204)
  abort(
    @UploadParam() place: UploadOnBranch,
    @JsonBody(AbortPresignMultipartUpload) body: AbortPresignMultipartUpload,
    @Asked() asked: Request,
  ): Promise<void> {
    return this.commands.execute(new AbortMultipart(named(place, body), asked));
  }
}

/** What path and query say of an upload. */
type UploadOnBranch = ObjectPlaceOnBranch & { readonly uploadId: string };
type PlacedNamespace = Parameters<typeof objectJson>[0]['namespace'];

function named(place: UploadOnBranch, body: { readonly physical_address: string }): NamedUpload {
  return { ...place, physicalAddress: body.physical_address };
}
