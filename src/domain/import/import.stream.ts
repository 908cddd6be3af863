import { assert } from '../../shared/assert.js';
import type { ImportId, RepositoryUid } from '../model.js';

export const IMPORT_STREAM_PREFIX = 'import-';

export const importStream = (uid: RepositoryUid, id: ImportId): string =>
  `${IMPORT_STREAM_PREFIX}${uid}-${id}`;

export function importOfStream(stream: string): { uid: RepositoryUid; id: ImportId } {
  const match = /^import-([0-9a-v]{20})-([0-9a-v]{20})$/.exec(stream);
  assert(match?.[1] && match[2], `not the stream of an import: ${stream}`);
  return { uid: match[1] as RepositoryUid, id: match[2] as ImportId };
}
