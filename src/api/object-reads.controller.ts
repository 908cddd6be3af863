import { Controller, Req, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import type { FastifyReply } from 'fastify';
import type { SignedUrl } from '../auth/block-urls.js';
import { ListObjects } from '../queries/list-objects.js';
import { LocateObject } from '../queries/locate-object.js';
import { OpenObject, ReadSmallObject } from '../queries/open-object.js';
import { StatObject } from '../queries/stat-object.js';
import type { PageRequest } from '../shared/page.js';
import type { EdgeRequest } from './caller.js';
import { refuseConditions } from './conditions.js';
import { NotSupportedByStore } from './http-errors.js';
import {
  isKnown,
  rangeAsked,
  sendJsonText,
  sendNotModified,
  sendObject,
  sendObjectHead,
  sendTo,
} from './object-answer.js';
import {
  AtRef,
  ObjectAtRef,
  type ObjectPlaceAtRef,
  PageQuery,
  type PlaceAtRef,
  queryOf,
} from './params.js';
import { objectsPageText } from './objects-page.js';
import { OBJECT_STATS, pageOf, UNDERLYING_PROPERTIES } from './openapi/answer-schemas.js';
import { DELIMITER, PREFIX } from './openapi/parameter-schemas.js';
import { BINARY, FLAG, TEXT } from './openapi/schema.js';
import { Presigned } from './presigned.js';
import { Serves } from './serves.js';
import {
  listedObjectJson,
  objectJson,
  pageJson,
  type PlacedObject,
  presignedJson,
} from './wire.js';

const OBJECT_HEADERS = { 'range?': TEXT, 'if-none-match?': TEXT };
const OBJECT_ALSO = {
  206: { about: 'A part of the object', schema: BINARY },
  304: { about: 'The client has it already' },
} as const;
const UNREADABLE = [
  'object_not_found',
  'range_not_satisfiable',
  'ref_invalid',
  'ref_not_found',
] as const;

/** Objects at a ref: what reads. */
@Controller()
export class ObjectReadsController {
  constructor(
    private readonly queries: QueryBus,
    private readonly presigned: Presigned,
  ) {}

  @Serves('statObject', {
    answers: OBJECT_STATS,
    query: { 'user_metadata?': FLAG, 'presign?': FLAG },
    refuses: ['object_not_found', 'ref_invalid', 'ref_not_found'],
  })
  async stat(
    @ObjectAtRef() { repository, ref, path }: ObjectPlaceAtRef,
    @Req() request: EdgeRequest,
  ) {
    const query = queryOf(request);
    const withMetadata = query.flag('user_metadata', true);
    const isPresigned = query.flag('presign');
    const found = { path, ...(await this.queries.execute(new StatObject(repository, ref, path))) };
    const json = objectJson(found, withMetadata);
    if (!isPresigned) return json;
    // Without `physical_address_expiry`: lakectl's users do not look for it under a local store.
    return { ...json, physical_address: this.#presign(request, found).url };
  }

  @Serves('listObjects', {
    answers: pageOf(OBJECT_STATS),
    query: {
      'user_metadata?': FLAG,
      'presign?': FLAG,
      'prefix?': PREFIX,
      'delimiter?': DELIMITER,
    },
    refuses: ['ref_invalid', 'ref_not_found'],
  })
  async list(
    @AtRef() { repository, ref }: PlaceAtRef,
    @PageQuery() page: PageRequest,
    @Req() request: EdgeRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const query = queryOf(request);
    const isPresigned = query.flag('presign');
    const withMetadata = query.flag('user_metadata', true);
    const filter = {
      prefix: query.text('prefix') ?? '',
      delimiter: query.text('delimiter') ?? '',
    };
    const found = await this.queries.execute(new ListObjects(repository, ref, page, filter));
    if (!isPresigned) return sendJsonText(reply, objectsPageText(found, { withMetadata }));
    const { namespace } = found;
    const json = pageJson(found, (item) => {
      const listed = listedObjectJson(item, { namespace, withMetadata });
      if (item.kind !== 'object') return listed;
      // What lies in another store keeps its own address: one such object spoils no page.
      const signed = this.presigned.read(request, { ...item, namespace });
      return signed === undefined ? listed : { ...listed, ...presignedJson(signed) };
    });
    void reply.send(json);
  }

  @Serves('getObject', {
    answers: BINARY,
    answersAs: '*/*',
    alsoAnswers: { ...OBJECT_ALSO, 302: { about: 'With `presign`: where the bytes are' } },
    query: { 'presign?': FLAG },
    headers: OBJECT_HEADERS,
    refuses: [...UNREADABLE, 'not_implemented', 'object_data_missing'],
  })
  async get(
    @ObjectAtRef() { repository, ref, path }: ObjectPlaceAtRef,
    @Req() request: EdgeRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { headers } = request;
    const isPresigned = queryOf(request).flag('presign');
    refuseConditions(headers, 'if-none-match', 'if-range');
    const found = await this.queries.execute(new StatObject(repository, ref, path));
    if (isKnown(headers, found)) return sendNotModified(reply, found);
    if (isPresigned) return sendTo(reply, this.#presign(request, { path, ...found }));
    const range = rangeAsked(headers, found);
    const small = range ? undefined : new ReadSmallObject(repository, found);
    const bytes =
      (small && (await this.queries.execute(small))) ??
      (await this.queries.execute(new OpenObject(repository, found, range)));
    sendObject(reply, found, { range, bytes });
  }

  @Serves('getUnderlyingProperties', {
    answers: UNDERLYING_PROPERTIES,
    refuses: ['object_data_missing', 'object_not_found', 'ref_invalid', 'ref_not_found'],
  })
  async underlying(@ObjectAtRef() { repository, ref, path }: ObjectPlaceAtRef) {
    await this.queries.execute(new LocateObject(repository, ref, path));
    // A folder of files has no classes.
    return { storage_class: null };
  }

  @Serves('headObject', {
    alsoAnswers: OBJECT_ALSO,
    headers: OBJECT_HEADERS,
    refuses: [...UNREADABLE, 'not_implemented'],
  })
  async head(
    @ObjectAtRef() { repository, ref, path }: ObjectPlaceAtRef,
    @Req() { headers }: EdgeRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    refuseConditions(headers, 'if-none-match', 'if-range');
    const found = await this.queries.execute(new StatObject(repository, ref, path));
    if (isKnown(headers, found)) return sendNotModified(reply, found);
    sendObjectHead(reply, found, rangeAsked(headers, found));
  }

  /** @throws NotSupportedByStore  the object lies in a store that this server does not read */
  #presign(request: EdgeRequest, object: PlacedObject): SignedUrl {
    const signed = this.presigned.read(request, object);
    if (signed === undefined) throw new NotSupportedByStore('presigned URL of a foreign address');
    return signed;
  }
}
