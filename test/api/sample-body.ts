/** What most operations take: the fields of their bodies at once, since others are left alone. */
export const BODY = {
  name: 'main',
  source: 'main',
  id: 'main',
  ref: 'main',
  message: 'm',
  username: 'ada',
  storage_namespace: 'local://main',
  physical_address: 'local://b/k',
  checksum: 'c',
  size_bytes: 1,
  paths: ['a'],
  keys: ['a'],
  metadata: {},
};
