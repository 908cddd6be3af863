import { byteText, compareBytes } from './bytes.js';

/** A write of a row, or of a range of rows, in one of many partitions. */
export type RowWrite =
  | { readonly kind: 'put' | 'delete'; readonly partition: string; readonly key: Uint8Array }
  | {
      readonly kind: 'drop';
      readonly partition: string;
      /** Inclusive; left out: from the first key. */
      readonly from?: Uint8Array;
      /** Exclusive; left out: to the last key. */
      readonly until?: Uint8Array;
    };

type Of<Write extends RowWrite, Kind extends RowWrite['kind']> = Extract<
  Write,
  { readonly kind: Kind }
>;

/** What many writes come to: first the drops, then the rest in any order, of each key one. */
export interface LastWrites<Write extends RowWrite> {
  readonly drops: readonly Of<Write, 'drop'>[];
  readonly deletes: readonly Of<Write, 'delete'>[];
  readonly puts: readonly Of<Write, 'put'>[];
}

/**
 * Returns what is left to be done of writes that go in one step: of a key's writes the last one,
 * and nothing of those that a later drop takes away again.
 */
export function lastWritesOf<Write extends RowWrite>(writes: Iterable<Write>): LastWrites<Write> {
  const drops: Of<Write, 'drop'>[] = [];
  const partitions = new Map<string, Map<string, Write>>();
  for (const write of writes) {
    let rows = partitions.get(write.partition);
    if (write.kind === 'drop') {
      drops.push(write as Of<Write, 'drop'>);
      if (rows !== undefined) dropFrom(rows, write);
      continue;
    }
    if (rows === undefined) {
      rows = new Map();
      partitions.set(write.partition, rows);
    }
    rows.set(byteText(write.key), write);
  }
  const left = [...partitions.values()].flatMap((rows) => [...rows.values()]);
  return {
    drops,
    deletes: left.filter((write): write is Of<Write, 'delete'> => write.kind === 'delete'),
    puts: left.filter((write): write is Of<Write, 'put'> => write.kind === 'put'),
  };
}

function dropFrom(
  rows: Map<string, RowWrite>,
  { from, until }: { readonly from?: Uint8Array; readonly until?: Uint8Array },
): void {
  for (const [text, write] of rows) {
    if (write.kind === 'drop') continue;
    const isBefore = from !== undefined && compareBytes(write.key, from) < 0;
    const isBehind = until !== undefined && compareBytes(write.key, until) >= 0;
    if (!isBefore && !isBehind) rows.delete(text);
  }
}
