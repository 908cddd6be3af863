import type { RepositoryUid } from '../model.js';

export const ADDRESS_STREAM_PREFIX = 'address-';

/** @param key  relative to the repository's namespace, as it was given out */
export const addressStream = (uid: RepositoryUid, key: string): string =>
  `${ADDRESS_STREAM_PREFIX}${uid}-${key}`;
