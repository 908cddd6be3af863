import { type UploadPlace } from '../domain/multipart/multipart.stream.js';
import type { RepositoryUid } from '../domain/model.js';
import type { KvSnapshot } from '../ports/kv-store.js';
import { fromUtf8 } from '../shared/bytes.js';
import { decodeValue, type UploadRecord } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';

export interface ListedUpload extends UploadRecord, UploadPlace {
  /** Completed or given up: nobody needs its parts any more. */
  readonly isOver: boolean;
}

/** Uploads in parts whose parts still take space. */
export class UploadsView {
  constructor(private readonly kv: KvSnapshot) {}

  async get(place: UploadPlace): Promise<UploadRecord | undefined> {
    const key = keys.upload(place);
    const [rows] = await this.kv.read([{ kind: 'get', partition: partitions.uploads, key }]);
    return rows?.[0] && decodeValue<UploadRecord>(rows[0]);
  }

  /** Returns at most `limit` of all repositories' uploads, from a key on. */
  async page(
    from: Uint8Array | undefined,
    limit: number,
  ): Promise<{ items: readonly ListedUpload[]; last: Uint8Array | undefined }> {
    const start = from ? { from } : {};
    const [rows = []] = await this.kv.read([
      { kind: 'scan', partition: partitions.uploads, limit, ...start },
    ]);
    const over = await this.kv.read(
      rows.map(({ key }) => ({ kind: 'get', partition: partitions.uploadsOver, key })),
    );
    const items = rows.map((row, at) => ({
      ...decodeValue<UploadRecord>(row),
      ...placeOfKey(row.key),
      isOver: (over[at]?.length ?? 0) > 0,
    }));
    return { items, last: rows.length === limit ? rows.at(-1)?.key : undefined };
  }
}

function placeOfKey(key: Uint8Array): UploadPlace {
  const text = fromUtf8(key);
  const slash = text.indexOf('/');
  return { uid: text.slice(0, slash) as RepositoryUid, uploadId: text.slice(slash + 1) };
}
