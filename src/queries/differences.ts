import { isSameObject } from '../domain/entry-identity.js';
import type { ObjectEntry } from '../domain/model.js';
import { afterPrefix, compareBytes, utf8 } from '../shared/bytes.js';
import type { Page, PageRequest } from '../shared/page.js';
import type { ObjectsFilter } from './list-objects.js';

/** One object that is not on both sides what it is on the other. */
export interface ObjectDifference {
  /** `conflict`: both sides changed it since they parted, each in its own way. */
  readonly type: 'added' | 'removed' | 'changed' | 'conflict';
  readonly path: string;
  readonly pathType: 'object';
  /** Of the newer side. Of what is removed: 0 where nothing is left of it, else as it was. */
  readonly sizeBytes: number;
  /** The object of the right side; of what was removed there, the left one's. */
  readonly entry: ObjectEntry | undefined;
}

/** A common prefix with something changed under it. */
export interface GroupDifference {
  readonly type: 'prefix_changed';
  readonly path: string;
  readonly pathType: 'common_prefix';
}

export type Difference = ObjectDifference | GroupDifference;

interface Keyed {
  readonly key: Uint8Array;
}

/** Rows judged at once where each of them is looked up. */
const JUDGED_AT_ONCE_MAX = 64;
const GROWTH = 4;

/** Rows in byte order of their keys. */
export interface Walk<Row> {
  next(): Promise<Row | undefined>;
  /** Goes on with the first key at or behind `key`; what lies between is not read. */
  skipTo(key: Uint8Array): void;
}

/** Rows that may differ, and the word on each; several are looked up at once. */
export class Differences<Row extends Keyed> {
  #judged: { readonly key: Uint8Array; readonly found: ObjectDifference | undefined }[] = [];
  #atOnce = GROWTH;
  #toldCount = 0;

  /**
   * @param wantedMax  how many will be asked for: no row is read for the sake of any after that
   */
  constructor(
    private readonly rows: Walk<Row>,
    /** Returns undefined of what is no difference. */
    private readonly judge: (row: Row) => Promise<ObjectDifference | undefined>,
    private readonly wantedMax: number,
  ) {}

  async next(): Promise<ObjectDifference | undefined> {
    for (;;) {
      const first = this.#judged.shift();
      if (first?.found) {
        this.#toldCount++;
        return first.found;
      }
      if (first === undefined && !(await this.#judgeMore())) return undefined;
    }
  }

  /** Goes on with the first path at or behind `key`; nothing between is read or judged. */
  skipTo(key: Uint8Array): void {
    const at = this.#judged.findIndex((each) => compareBytes(each.key, key) >= 0);
    this.#judged = at < 0 ? [] : this.#judged.slice(at);
    this.rows.skipTo(key);
    this.#atOnce = 1;
  }

  async #judgeMore(): Promise<boolean> {
    const rows: Row[] = [];
    const most = Math.min(this.#atOnce, Math.max(1, this.wantedMax - this.#toldCount));
    while (rows.length < most) {
      const row = await this.rows.next();
      if (row === undefined) break;
      rows.push(row);
    }
    this.#atOnce = Math.min(this.#atOnce * GROWTH, JUDGED_AT_ONCE_MAX);
    this.#judged = await Promise.all(
      rows.map(async (row) => ({ key: row.key, found: await this.judge(row) })),
    );
    return rows.length > 0;
  }
}

/** Returns a page of differences; with a delimiter, groups stand as one item. */
export async function differencesPage(
  differences: Walk<ObjectDifference>,
  { amount }: PageRequest,
  { prefix, delimiter }: ObjectsFilter,
): Promise<Page<Difference>> {
  const items: Difference[] = [];
  for (;;) {
    const found = await differences.next();
    if (found === undefined) return { items, hasMore: false, nextOffset: '' };
    if (items.length === amount) {
      return { items, hasMore: true, nextOffset: items.at(-1)?.path ?? '' };
    }
    const cut = delimiter === '' ? -1 : found.path.indexOf(delimiter, prefix.length);
    if (cut < 0) {
      items.push(found);
      continue;
    }
    const path = found.path.slice(0, cut + delimiter.length);
    items.push({ type: 'prefix_changed', path, pathType: 'common_prefix' });
    const behind = afterPrefix(utf8(path));
    if (behind === undefined) return { items, hasMore: false, nextOffset: '' };
    differences.skipTo(behind);
  }
}

/** Returns how an object of the right side differs from the left one's; undefined: it does not. */
export function differenceOf(
  path: string,
  left: ObjectEntry | undefined,
  right: ObjectEntry | undefined,
): ObjectDifference | undefined {
  if (left && right) return isSameObject(left, right) ? undefined : told('changed', path, right);
  if (right) return told('added', path, right);
  return left && removed(path, left);
}

export const removed = (path: string, was: ObjectEntry): ObjectDifference =>
  told('removed', path, was);

/**
 * Returns what merging the right side would do to an object of the left one: undefined where the
 * right changed nothing since the base, or both changed it alike.
 */
export function changeSince(
  path: string,
  base: ObjectEntry | undefined,
  { left, right }: { left: ObjectEntry | undefined; right: ObjectEntry | undefined },
): ObjectDifference | undefined {
  const difference = differenceOf(path, left, right);
  if (!difference || !differenceOf(path, base, right)) return undefined;
  const isConflict = differenceOf(path, base, left) !== undefined;
  return isConflict ? { ...difference, type: 'conflict' } : difference;
}

const told = (
  type: ObjectDifference['type'],
  path: string,
  entry: ObjectEntry,
): ObjectDifference => ({ type, path, pathType: 'object', sizeBytes: entry.sizeBytes, entry });
