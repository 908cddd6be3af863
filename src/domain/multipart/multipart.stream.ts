import { assert } from '../../shared/assert.js';
import type { RepositoryUid } from '../model.js';

export const MULTIPART_STREAM_PREFIX = 'multipart-';

/** An upload of a repository. */
export interface UploadPlace {
  readonly uid: RepositoryUid;
  readonly uploadId: string;
}

export const multipartStream = ({ uid, uploadId }: UploadPlace): string =>
  `${MULTIPART_STREAM_PREFIX}${uid}-${uploadId}`;

export function uploadOfStream(stream: string): UploadPlace {
  const [, uid, uploadId] = /^multipart-([0-9a-v]{20})-(.+)$/s.exec(stream) ?? [];
  assert(uid && uploadId, `not the stream of an upload: ${stream}`);
  return { uid: uid as RepositoryUid, uploadId };
}
