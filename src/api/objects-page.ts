import type { StorageNamespace } from '../domain/model.js';
import type { ListedObject, ObjectsPage } from '../queries/list-objects.js';
import { listedObjectJson, paginationJson } from './wire.js';

/** What an object is said to be, in a repository of this namespace. */
interface Told {
  readonly namespace: StorageNamespace;
  readonly text: string;
}

/**
 * Returns a page of objects as JSON, byte for byte what `JSON.stringify` makes of it.
 *
 * Of an object that is listed often its text is kept for as long as it is itself: to write a
 * hundred of them anew is more work than all else that a page takes.
 */
export function objectsPageText(page: ObjectsPage, { withMetadata }: { withMetadata: boolean }) {
  const { namespace, items } = page;
  const texts = items.map((item) => textOf(item, namespace, withMetadata));
  const pagination = JSON.stringify(paginationJson(page));
  return `{"pagination":${pagination},"results":[${texts.join(',')}]}`;
}

function textOf(item: ListedObject, namespace: StorageNamespace, withMetadata: boolean): string {
  const of = { namespace, withMetadata };
  const isKept = item.kind === 'object' && (withMetadata || item.entry.metadata.length === 0);
  if (!isKept || item.kept === undefined) return JSON.stringify(listedObjectJson(item, of));
  const known = told.get(item.kept);
  if (known?.namespace === namespace) return known.text;
  const text = JSON.stringify(listedObjectJson(item, of));
  told.set(item.kept, { namespace, text });
  return text;
}

/** With metadata, where there is any. */
const told = new WeakMap<object, Told>();
