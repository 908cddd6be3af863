import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { ObjectEntry, RepositoryId, StorageNamespace } from '../domain/model.js';
import { CommittedStore, KeptObject } from '../ports/committed-store.js';
import { afterPrefix, compareBytes, justAfter, utf8 } from '../shared/bytes.js';
import type { Page, PageRequest } from '../shared/page.js';
import {
  firstPages,
  NeedsSnapshot,
  Overlay,
  pathOf,
  TreeObject,
  type OverlaySources,
} from './overlay.js';
import { ReadsAt, type ReadPoint } from './read-at.js';

export type ListedObject =
  | {
      readonly kind: 'object';
      readonly path: string;
      readonly entry: ObjectEntry;
      /** The same for all who list the object while that is done often, and for no other. */
      readonly kept: object | undefined;
    }
  | { readonly kind: 'common_prefix'; readonly path: string };

export interface ObjectsPage extends Page<ListedObject> {
  readonly namespace: StorageNamespace;
}

export interface ObjectsFilter {
  readonly prefix: string;
  /** "" for none. */
  readonly delimiter: string;
}

/** What a ref shows, in byte order of paths; with a delimiter, groups stand as one item. */
export class ListObjects extends Query<ObjectsPage> {
  constructor(
    readonly repository: RepositoryId,
    readonly ref: string,
    readonly page: PageRequest,
    readonly filter: ObjectsFilter,
  ) {
    super();
  }
}

/** Rows read at once, to begin with, when a listing goes on in a snapshot. */
const ROWS_PER_SNAPSHOT_READ = 128;

@QueryHandler(ListObjects)
export class ListObjectsHandler implements IQueryHandler<ListObjects> {
  constructor(
    private readonly reads: ReadsAt,
    private readonly committed: CommittedStore,
  ) {}

  async execute({ repository, ref, page, filter }: ListObjects): Promise<ObjectsPage> {
    const span = spanOf(page, filter);
    const { committed } = this;
    // One more than asked for: it tells whether there is more.
    const limits = { ...span, rowsPerRead: page.amount + 1 };
    const { point, rows } = await this.reads.read(repository, ref, ({ tokens }) =>
      firstPages(tokens, limits),
    );
    try {
      const sources = { ...treeOf(point, committed), snapshot: undefined };
      return await pageOf(new Overlay(sources, limits, rows), point, page, filter);
    } catch (error) {
      if (!(error instanceof NeedsSnapshot)) throw error;
    }
    return this.reads.within(repository, ref, (snapshot, at) => {
      const rowsPerRead = Math.min(limits.rowsPerRead, ROWS_PER_SNAPSHOT_READ);
      const sources = { ...treeOf(at, committed), snapshot };
      return pageOf(new Overlay(sources, { ...span, rowsPerRead }), at, page, filter);
    });
  }
}

/** Returns the tokens of a point, and how the tree below them is read. */
export function treeOf(
  { tokens, metaRangeId, repository }: Pick<ReadPoint, 'tokens' | 'metaRangeId' | 'repository'>,
  committed: CommittedStore,
): Pick<OverlaySources<TreeObject>, 'tokens' | 'tree'> {
  if (metaRangeId === undefined || metaRangeId === '') return { tokens, tree: undefined };
  return {
    tokens,
    tree: async (from, limit, until) => {
      const span = until ? { from, until, limit } : { from, limit };
      const objects = await committed.scan(repository.namespace, metaRangeId, span);
      return objects.map((object) => {
        const kept = object instanceof KeptObject ? object : undefined;
        return new TreeObject(object.path, object.entry, kept);
      });
    },
  };
}

async function pageOf(
  overlay: Overlay<TreeObject>,
  { repository }: ReadPoint,
  { amount }: PageRequest,
  { prefix, delimiter }: ObjectsFilter,
): Promise<ObjectsPage> {
  const items: ListedObject[] = [];
  const { namespace } = repository;
  for (;;) {
    const item = overlay.atHand() ?? (await overlay.next());
    if (item === undefined) return { items, hasMore: false, nextOffset: '', namespace };
    if (items.length === amount) {
      return { items, hasMore: true, nextOffset: items.at(-1)?.path ?? '', namespace };
    }
    const path = pathOf(item);
    const cut = delimiter === '' ? -1 : path.indexOf(delimiter, prefix.length);
    if (cut < 0) {
      const kept = item instanceof TreeObject ? item.kept : undefined;
      items.push({ kind: 'object', path, entry: item.entry, kept });
      continue;
    }
    const group = path.slice(0, cut + delimiter.length);
    items.push({ kind: 'common_prefix', path: group });
    const behind = afterPrefix(utf8(group));
    if (behind === undefined) return { items, hasMore: false, nextOffset: '', namespace };
    overlay.skipTo(behind);
  }
}

interface Span {
  readonly from: Uint8Array;
  readonly until: Uint8Array | undefined;
}

/**
 * Returns the keys that a page may hold: of the prefix and behind `after`. When `after` is a group,
 * behind all of it; when it lies inside of one, from there on, so that the group is listed still.
 */
export function spanOf({ after }: PageRequest, { prefix, delimiter }: ObjectsFilter): Span {
  const first = utf8(prefix);
  const until = afterPrefix(first);
  if (after === '') return { from: first, until };
  const next = startBehind(after, { prefix, delimiter });
  return { from: compareBytes(next, first) > 0 ? next : first, until };
}

function startBehind(after: string, { prefix, delimiter }: ObjectsFilter): Uint8Array {
  const key = utf8(after);
  const isGrouped = delimiter !== '' && after.startsWith(prefix);
  const cut = isGrouped ? after.indexOf(delimiter, prefix.length) : -1;
  if (cut < 0) return justAfter(key);
  const isGroup = cut + delimiter.length === after.length;
  return isGroup ? (afterPrefix(key) ?? justAfter(key)) : key;
}
