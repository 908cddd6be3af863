// What lakeFS leaves out of its dumps, in a table of our own beside the three: hidden branches, and
// what is staged on a branch. A branch's record comes before those of its staged objects, since
// NUL goes before every character that a branch's name can have.
//
// Source: docs/formats/refs-dump.md.
import { ByteWriter } from '../committed/byte-writer.js';
import { decodeEntry, identityOf, writeEntry } from '../committed/entry-codec.js';
import type { TableRecord } from '../committed/record-table.js';
import { sliceOf } from '../committed/slice.js';
import type { BranchId, ObjectPath } from '../domain/model.js';
import type { StagedChange } from '../ports/committed-store.js';
import { CorruptData } from '../ports/store-errors.js';
import { fromUtf8, utf8 } from '../shared/bytes.js';

export type BranchStateRecord =
  | { readonly kind: 'flags'; readonly branch: BranchId; readonly isHidden: boolean }
  | { readonly kind: 'staged'; readonly branch: BranchId; readonly change: StagedChange };

const NUL = 0;
const none = new Uint8Array();

export function encodeFlags(branch: BranchId, { isHidden }: { isHidden: boolean }): TableRecord {
  return { key: utf8(branch), identity: none, data: utf8(JSON.stringify({ hidden: isHidden })) };
}

/** A tombstone has neither identity nor data. */
export function encodeStaged(branch: BranchId, { path, entry }: StagedChange): TableRecord {
  const key = utf8(`${branch}\0${path}`);
  if (entry === undefined) return { key, identity: none, data: none };
  const data = new ByteWriter(256);
  writeEntry(data, entry);
  return { key, identity: identityOf(entry), data: data.toBytes() };
}

/** @throws CorruptData  it is none of ours */
export function decodeBranchState({ key, data }: TableRecord): BranchStateRecord {
  const cut = key.indexOf(NUL);
  if (cut < 0) return { kind: 'flags', branch: fromUtf8(key) as BranchId, ...flagsOf(data) };
  const branch = fromUtf8(key.subarray(0, cut)) as BranchId;
  const path = fromUtf8(key.subarray(cut + 1)) as ObjectPath;
  const entry = data.length === 0 ? undefined : decodeEntry(sliceOf(data));
  return { kind: 'staged', branch, change: { path, entry } };
}

function flagsOf(data: Uint8Array): { isHidden: boolean } {
  try {
    const flags: unknown = JSON.parse(fromUtf8(data));
    return { isHidden: (flags as { hidden?: unknown }).hidden === true };
  } catch (error) {
    throw new CorruptData('the flags of a branch are no JSON', { cause: error });
  }
}
