import { Controller, HttpCode, Req } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { CloneObject } from '../commands/object/clone-object.js';
import { CopyObject } from '../commands/object/copy-object.js';
import { SetObjectMetadata } from '../commands/object/set-object-metadata.js';
import { StageObject } from '../commands/object/stage-object.js';
import { UnstageObjects } from '../commands/object/unstage-objects.js';
import { UploadObject } from '../commands/object/upload-object.js';
import type { Answer } from '../commands/repeats/answer.js';
import { digestOf } from '../commands/repeats/digest-of.js';
import type { Request } from '../commands/request.js';
import { DomainError } from '../domain/errors.js';
import type { ObjectEntry, StorageNamespace } from '../domain/model.js';
import { AnsweredBefore } from './answered-before.js';
import { Asked } from './caller.js';
import type { EdgeRequest } from './caller.js';
import { refuseConditions } from './conditions.js';
import {
  copyWish,
  ObjectCopyCreation,
  UpdateObjectUserMetadata,
} from './dto/object-copy-creation.js';
import { OBJECT_STAGE_CREATION, objectToStage } from './dto/object-stage-creation.js';
import { type ObjectError, PATH_LIST, type PathList, pathList } from './dto/path-list.js';
import { statusOf } from './http-errors.js';
import { JsonBody, objectOf } from './json-body.js';
import { metadataOf, metadataOfHeaders } from './metadata.js';
import {
  ObjectOnBranch,
  type ObjectPlaceOnBranch,
  OnBranch,
  type PlaceOnBranch,
  queryOf,
} from './params.js';
import { OBJECT_ERRORS, OBJECT_STATS } from './openapi/answer-schemas.js';
import { PATH } from './openapi/parameter-schemas.js';
import { BINARY, described, FLAG, TEXT } from './openapi/schema.js';
import { objectPath } from './parse.js';
import { Serves } from './serves.js';
import { takeUpload } from './upload-body.js';
import { EdgeSettings } from './settings.js';
import { conditionOf } from './write-condition.js';
import { leanObjectJson, objectJson } from './wire.js';

/** Each is refused with 501. */
const CONDITIONS_REFUSED = { 'if-match?': TEXT, 'if-none-match?': TEXT };
const CONDITIONS_KEPT = {
  'if-match?': described(TEXT, 'Entity tags in quotes, one of which the object has; `*`: any'),
  'if-none-match?': described(TEXT, '`*`: only where no object is'),
};
const UNWRITABLE = ['branch_not_found', 'protected_branch_write', 'read_only_repository'] as const;

/** Objects on a branch: what writes. */
@Controller()
export class ObjectsController {
  readonly #addressRule: RegExp;

  constructor(
    private readonly commands: CommandBus,
    private readonly settings: EdgeSettings,
  ) {
    this.#addressRule = new RegExp(settings.blockStore.namespaceRule);
  }

  @Serves('uploadObject', {
    answers: OBJECT_STATS,
    query: { 'force?': FLAG },
    headers: CONDITIONS_KEPT,
    body: BINARY,
    bodyAs: ['application/octet-stream', 'multipart/form-data'],
    isBodyOptional: true,
    refuses: [...UNWRITABLE, 'not_implemented', 'path_exists', 'precondition_failed'],
  })
  upload(
    @ObjectOnBranch() { repository, branch, path }: ObjectPlaceOnBranch,
    @Req() request: EdgeRequest,
    @Asked() asked: Request,
  ) {
    const options = uploadOptions(request);
    return takeUpload(request, async (body) => {
      const upload = { path, ...body, ...options };
      const { keyed } = request;
      if (keyed?.answer) throw await answeredBefore(keyed.answer, body.body);
      const command = new UploadObject(repository, branch, upload, asked);
      const found = await this.commands.execute(command);
      if (keyed)
        keyed.upload = { checksum: found.entry.checksum, sizeBytes: found.entry.sizeBytes };
      return objectJson({ path, ...found });
    });
  }

  /** Nothing but a look whether an upload would be allowed: every caller may do everything. */
  @Serves('uploadObjectPreflight', {})
  @HttpCode(204)
  preflight(@ObjectOnBranch() _place: ObjectPlaceOnBranch): void {}

  @Serves('stageObject', {
    answers: OBJECT_STATS,
    headers: CONDITIONS_REFUSED,
    body: OBJECT_STAGE_CREATION,
    refuses: [...UNWRITABLE, 'address_foreign', 'address_refused', 'not_implemented'],
  })
  @HttpCode(201)
  async stage(
    @ObjectOnBranch() { repository, branch, path }: ObjectPlaceOnBranch,
    @Req() { headers, body }: EdgeRequest,
    @Asked() asked: Request,
  ) {
    refuseConditions(headers);
    const object = objectToStage(path, body);
    // Nobody could ever read it by this server.
    if (!this.#addressRule.test(object.physicalAddress)) {
      throw new DomainError('address_foreign', { store: this.settings.blockStore.type });
    }
    const entry = await this.commands.execute(new StageObject(repository, branch, object, asked));
    return stagedJson(object, entry);
  }

  @Serves('copyObject', {
    answers: OBJECT_STATS,
    query: { dest_path: PATH },
    headers: CONDITIONS_REFUSED,
    refuses: [
      ...UNWRITABLE,
      'not_implemented',
      'object_data_missing',
      'object_not_found',
      'ref_invalid',
      'ref_not_found',
    ],
    about: 'Bytes and metadata; with `shallow` the same bytes get a second name on their branch.',
  })
  @HttpCode(201)
  async copy(
    @OnBranch() place: PlaceOnBranch,
    @Req() request: EdgeRequest,
    @JsonBody(ObjectCopyCreation) body: ObjectCopyCreation,
    @Asked() asked: Request,
  ) {
    refuseConditions(request.headers);
    const path = objectPath(queryOf(request).required('dest_path'), 'dest_path');
    const copy = copyWish(place, path, body);
    const found = copy.isShallow
      ? await this.commands.execute(new CloneObject(place.repository, place.branch, copy, asked))
      : await this.commands.execute(new CopyObject(copy.from, copy.to, {}, asked));
    return objectJson({ path, ...found });
  }

  @Serves('updateObjectUserMetadata', {
    headers: CONDITIONS_REFUSED,
    refuses: [...UNWRITABLE, 'not_implemented', 'object_not_found'],
    about: 'Takes the place of all metadata that the object has; its bytes and time stand.',
  })
  @HttpCode(204)
  setMetadata(
    @ObjectOnBranch() { repository, branch, path }: ObjectPlaceOnBranch,
    @Req() { headers }: EdgeRequest,
    @JsonBody(UpdateObjectUserMetadata) body: UpdateObjectUserMetadata,
    @Asked() asked: Request,
  ): Promise<void> {
    refuseConditions(headers);
    const metadata = metadataOf(objectOf(body.set, 'set'), 'set');
    return this.commands.execute(new SetObjectMetadata(repository, branch, path, metadata, asked));
  }

  @Serves('deleteObject', {
    query: { 'force?': FLAG, 'no_tombstone?': FLAG },
    headers: CONDITIONS_REFUSED,
    refuses: [...UNWRITABLE, 'not_implemented'],
  })
  @HttpCode(204)
  delete(
    @ObjectOnBranch() { repository, branch, path }: ObjectPlaceOnBranch,
    @Req() request: EdgeRequest,
    @Asked() asked: Request,
  ): Promise<void> {
    const options = unstageOptions(request);
    return this.commands.execute(new UnstageObjects(repository, branch, [path], options, asked));
  }

  @Serves('deleteObjects', {
    answers: OBJECT_ERRORS,
    query: { 'force?': FLAG, 'no_tombstone?': FLAG },
    headers: CONDITIONS_REFUSED,
    body: PATH_LIST,
    refuses: [...UNWRITABLE, 'not_implemented', 'path_too_many'],
  })
  @HttpCode(200)
  async deleteMany(
    @OnBranch() { repository, branch }: PlaceOnBranch,
    @Req() request: EdgeRequest,
    @Asked() asked: Request,
  ): Promise<{ errors: readonly ObjectError[] }> {
    const list = pathList(request.body);
    const options = unstageOptions(request);
    if (list.paths.length === 0) return { errors: list.refused };
    const command = new UnstageObjects(repository, branch, list.paths, options, asked);
    return this.commands.execute(command).then(
      () => ({ errors: list.refused }),
      (error: unknown) => ({ errors: forbidden(list, error) }),
    );
  }
}

function uploadOptions(request: EdgeRequest): UploadOptions {
  return {
    condition: conditionOf(request.headers),
    metadata: metadataOfHeaders(request.raw.rawHeaders),
    isForced: queryOf(request).flag('force'),
  };
}

function unstageOptions(request: EdgeRequest): UnstageObjects['options'] {
  refuseConditions(request.headers);
  const query = queryOf(request);
  // A hint for storing less, which says nothing of what is seen afterwards.
  query.flag('no_tombstone');
  return { isForced: query.flag('force') };
}

/** @throws DomainError key_taken  another body than the one that was answered for */
async function answeredBefore(
  answer: Answer,
  body: AsyncIterable<Uint8Array>,
): Promise<AnsweredBefore> {
  const { checksum, sizeBytes } = await digestOf(body);
  const { upload } = answer;
  if (upload?.checksum !== checksum || upload.sizeBytes !== sizeBytes) {
    throw new DomainError('key_taken');
  }
  return new AnsweredBefore(answer);
}

type UploadOptions = Pick<UploadObject['upload'], 'condition' | 'metadata' | 'isForced'>;

/** The address is told as the client gave it. */
function stagedJson(object: StageObject['object'], entry: ObjectEntry) {
  const { path, physicalAddress } = object;
  const json = leanObjectJson({ path, entry, namespace: NOWHERE });
  return { ...json, physical_address: physicalAddress };
}

/** In the contract a list that may not be deleted is no failed request: each path says it. */
function forbidden({ paths, refused }: PathList, error: unknown): readonly ObjectError[] {
  if (!(error instanceof DomainError)) throw error;
  const { code, message }: DomainError = error;
  if (statusOf[code] !== 403) throw error;
  return [...refused, ...paths.map((path) => ({ path, status_code: 403, message }))];
}

const NOWHERE = '' as StorageNamespace;
