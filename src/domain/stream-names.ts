/**
 * The names of streams that are Moraine's own: what begins with one of these belongs to an
 * aggregate, of today or of one that is planned, and no outsider may append to it.
 */
export const OWN_STREAM_PREFIXES: readonly string[] = [
  'address-',
  'branch-',
  'commit-',
  'credential-',
  'gc-',
  'group-',
  'import-',
  'installation',
  'kv-',
  'multipart-',
  'policy-',
  'pull-',
  'refs-task-',
  'repository-',
  'request-',
  'run-',
  'staging-',
  'tag-',
  'user-',
];

/** Returns whether a stream is Moraine's own. */
export const isOwnStream = (stream: string): boolean =>
  OWN_STREAM_PREFIXES.some((prefix) => stream.startsWith(prefix));
