import type { BranchId, RepositoryId, RepositoryUid } from './model.js';

/** Of which repository and branch an event is, as far as the event itself says so. */
export interface EventPlace {
  readonly uid?: RepositoryUid;
  readonly repository?: RepositoryId;
  readonly branch?: BranchId;
}

/**
 * Returns where an event belongs, by its stream's name and its data alone: the same for every
 * reader, whatever has become of the repository since. Of a stream of somebody else nothing is
 * known.
 */
export function placeOfEvent({ stream, data }: { stream: string; data: object }): EventPlace {
  const { branch, repository, uid } = data as Readonly<Record<string, unknown>>;
  const [, name] = /^repository-([a-z0-9-]+)$/.exec(stream) ?? [];
  if (name !== undefined) {
    const record = (repository ?? {}) as { readonly uid?: unknown };
    return place(textOf(record.uid) ?? textOf(uid), undefined, name);
  }
  const [, token, tokenBranch] = /^staging-([0-9a-v]{20})\.([^.]+)\.\d+\.\d+$/.exec(stream) ?? [];
  if (token !== undefined) return place(token, tokenBranch);
  const [, kind, owner, rest] = OWNED.exec(stream) ?? [];
  if (owner === undefined) return {};
  const said = kind === 'branch' ? rest : textOf(branch);
  return place(owner, said, textOf(repository));
}

/** What the names of a repository's streams begin with, all but the one that has its name. */
export const streamPrefixesOf = (uid: RepositoryUid): readonly string[] => [
  ...OWNED_KINDS.map((kind) => `${kind}-${uid}-`),
  `staging-${uid}.`,
];

/** Kinds of streams that carry the uid of their repository in front. */
export const OWNED_KINDS = [
  'address',
  'branch',
  'commit',
  'import',
  'multipart',
  'pull',
  'refs-task',
  'tag',
] as const;

const OWNED = new RegExp(`^(${OWNED_KINDS.join('|')})-([0-9a-v]{20})-(.+)$`, 's');

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined;

function place(uid?: string, branch?: string, repository?: string): EventPlace {
  return {
    ...(uid !== undefined && { uid: uid as RepositoryUid }),
    ...(repository !== undefined && { repository: repository as RepositoryId }),
    ...(branch !== undefined && { branch: branch as BranchId }),
  };
}
