import type { SignedUrl } from '../auth/block-urls.js';
import type { UserRecord } from '../auth/authenticator.js';
import type { AdminKeyPair } from '../commands/auth/set-up.js';
import type { CommitRecord, ObjectEntry, StorageNamespace } from '../domain/model.js';
import type { RepositoryRecord } from '../domain/repository/repository.events.js';
import type { Difference } from '../queries/differences.js';
import type { NamedCommit } from '../queries/get-branch.js';
import type { ListedObject } from '../queries/list-objects.js';
import { PAGE_ITEMS_MAX, type Page } from '../shared/page.js';
import { metadataJson } from './metadata.js';

/** What goes over the wire, shape by shape as the contract names its fields. Times in seconds. */
export function repositoryJson(repository: RepositoryRecord) {
  return {
    id: repository.name,
    creation_date: seconds(repository.createdAtMs),
    default_branch: repository.defaultBranch,
    storage_namespace: repository.namespace,
    storage_id: '',
    read_only: repository.isReadOnly,
  };
}

/** A branch or a tag. */
export function refJson({ name, commitId }: NamedCommit<string>) {
  return { id: name, commit_id: commitId };
}

export function commitJson(commit: CommitRecord) {
  return {
    id: commit.id,
    parents: commit.parents,
    committer: commit.committer,
    message: commit.message,
    creation_date: seconds(commit.createdAtMs),
    meta_range_id: commit.metaRangeId,
    metadata: metadataJson(commit.metadata),
    generation: commit.generation,
    version: commit.version,
  };
}

export function differenceJson(difference: Difference) {
  const { type, path, pathType } = difference;
  if (pathType === 'common_prefix') return { type, path, path_type: pathType };
  return { type, path, path_type: pathType, size_bytes: difference.sizeBytes };
}

/** With what is known of the object: on the right side, or before it was removed there. */
export function rightDifferenceJson(difference: Difference) {
  const entry = difference.pathType === 'object' ? difference.entry : undefined;
  if (entry === undefined) return differenceJson(difference);
  const right = {
    checksum: entry.checksum,
    mtime: seconds(entry.modifiedAtMs),
    content_type: entry.contentType || DEFAULT_CONTENT_TYPE,
    metadata: metadataJson(entry.metadata),
  };
  return { ...differenceJson(difference), right };
}

/** What an object's answers share: where it is, and what is known of it. */
export interface PlacedObject {
  readonly path: string;
  readonly entry: ObjectEntry;
  readonly namespace: StorageNamespace;
}

export function objectJson(object: PlacedObject, withMetadata = true) {
  const metadata = withMetadata ? metadataJson(object.entry.metadata) : {};
  return { ...bareObjectJson(object), metadata };
}

/** Leaves metadata out when there is none, as listings do; a look at one object says so. */
export function leanObjectJson(object: PlacedObject) {
  return object.entry.metadata.length > 0 ? objectJson(object) : bareObjectJson(object);
}

function bareObjectJson({ path, entry, namespace }: PlacedObject) {
  return {
    path,
    path_type: 'object',
    physical_address: addressOf({ entry, namespace }),
    checksum: entry.checksum,
    size_bytes: entry.sizeBytes,
    mtime: seconds(entry.modifiedAtMs),
    content_type: entry.contentType || DEFAULT_CONTENT_TYPE,
  };
}

/** Returns where an object's bytes are: `scheme://…`. */
export function addressOf({ entry, namespace }: Omit<PlacedObject, 'path'>): string {
  return entry.addressType === 'relative' ? `${namespace}/${entry.address}` : entry.address;
}

/** In place of an address: where everybody may read it for a while. */
export function presignedJson({ url, expiresAtMs }: SignedUrl) {
  return { physical_address: url, physical_address_expiry: seconds(expiresAtMs) };
}

export function listedObjectJson(
  item: ListedObject,
  { namespace, withMetadata }: { namespace: StorageNamespace; withMetadata: boolean },
) {
  if (item.kind === 'object') {
    const object = { ...item, namespace };
    return withMetadata ? leanObjectJson(object) : bareObjectJson(object);
  }
  const { path } = item;
  return { path, path_type: item.kind, physical_address: '', checksum: '', mtime: 0 };
}

export function pageJson<Item, Json>(page: Page<Item>, itemJson: (item: Item) => Json) {
  return { pagination: paginationJson(page), results: page.items.map((item) => itemJson(item)) };
}

export function paginationJson(page: Page<unknown>) {
  return {
    has_more: page.hasMore,
    next_offset: page.nextOffset,
    results: page.items.length,
    max_per_page: PAGE_ITEMS_MAX,
  };
}

/** Nobody is an empty user. */
export function userJson(user: UserRecord | null) {
  if (user === null) return { user: { id: '', creation_date: 0 } };
  const creation_date = seconds(user.createdAtMs);
  return { user: { id: user.id, creation_date, friendly_name: '', email: '' } };
}

export function keyPairJson(key: AdminKeyPair) {
  return {
    access_key_id: key.accessKeyId,
    secret_access_key: key.secretAccessKey,
    creation_date: seconds(key.createdAtMs),
  };
}

export const DEFAULT_CONTENT_TYPE = 'application/octet-stream';

export function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
