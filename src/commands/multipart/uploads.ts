import { multipartDecider } from '../../domain/multipart/multipart.decider.js';
import type { MultipartState } from '../../domain/multipart/multipart.state.js';
import { multipartStream, type UploadPlace } from '../../domain/multipart/multipart.stream.js';
import { DomainError } from '../../domain/errors.js';
import type { BranchId, ObjectPath, RepositoryId } from '../../domain/model.js';
import type { RepositoryRecord } from '../../domain/repository/repository.events.js';
import type { Expected } from '../../ports/event-log.js';
import type { KvStore } from '../../ports/kv-store.js';
import type { UploadRecord } from '../../projections/kv-codec.js';
import { UploadsView } from '../../projections/uploads.view.js';
import type { AddressTokens } from '../address/address-tokens.js';
import { issuedKey } from '../address/issued-key.js';
import type { AggregateStreams } from '../aggregate-stream.js';

/** An upload in parts as a client names it. */
export interface NamedUpload {
  readonly repository: RepositoryId;
  readonly branch: BranchId;
  readonly path: ObjectPath;
  readonly uploadId: string;
  /** `scheme://…`, as the upload was begun with it. */
  readonly physicalAddress: string;
}

/** An upload as the end of its stream has it. */
export interface UploadFold {
  readonly state: Exclude<MultipartState, { readonly status: 'absent' }>;
  readonly expected: Expected;
}

/** Uploads in parts, by the names that clients have for them. */
export class Uploads {
  constructor(
    private readonly kv: KvStore,
    private readonly streams: AggregateStreams,
    private readonly tokens: AddressTokens,
  ) {}

  /**
   * Returns where an upload stands, when its address was given out for what it is named with.
   *
   * @throws DomainError  address_not_relative, address_unsigned, address_forged, address_expired
   */
  verified(
    { uid, namespace }: RepositoryRecord,
    { branch, path, uploadId, physicalAddress }: Omit<NamedUpload, 'repository'>,
  ): UploadPlace & { readonly key: string } {
    const key = issuedKey(namespace, physicalAddress);
    this.tokens.verify({ uid, branch, path }, key);
    return { uid, uploadId, key };
  }

  /** Returns an upload that is not over, as it was begun. @throws DomainError upload_not_found */
  async record(place: UploadPlace): Promise<UploadRecord> {
    const record = await new UploadsView(this.kv).get(place);
    if (record === undefined) throw new DomainError('upload_not_found');
    return record;
  }

  /** @throws DomainError upload_not_found  there is none, or it is one of another address */
  async fold(place: UploadPlace & { readonly key: string }): Promise<UploadFold> {
    const { state, expected } = await this.streams.load(multipartStream(place), multipartDecider);
    if (state.status === 'absent' || state.place.key !== place.key) {
      throw new DomainError('upload_not_found');
    }
    return { state, expected };
  }
}

/** Returns what the keys of all blocks of an upload's parts begin with. */
export const partsPrefix = (uploadId: string): string => `_moraine/uploads/${uploadId}.`;

/** Returns where the body of a part goes; each try has its own place, so none tears another. */
export const partKey = (uploadId: string, partNumber: number, tryId: string): string =>
  `${partsPrefix(uploadId)}${partNumber}.${tryId}`;
