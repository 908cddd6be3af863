import type { ObjectEntry } from '../../src/domain/model.js';
import type { RangeParameters, StagedChange } from '../../src/ports/committed-store.js';
import { compareBytes } from '../../src/shared/bytes.js';
import { ByteWriter } from '../../src/committed/byte-writer.js';
import { identityOf, writeEntry } from '../../src/committed/entry-codec.js';
import type { RangeRecord } from '../../src/committed/range-codec.js';
import { RangeWriter } from '../../src/committed/range-writer.js';
import { sliceOf } from '../../src/committed/slice.js';
import { writeValue } from '../../src/committed/value-codec.js';

interface PlainRecord {
  readonly key: Uint8Array;
  readonly entry: ObjectEntry;
}

export interface PlainRange {
  readonly range: RangeRecord;
  readonly records: readonly PlainRecord[];
}

/**
 * A commit as the format's document tells it, one record after another: nothing is taken whole
 * but untouched ranges, nothing at the same time, nothing on another thread.
 */
export function plainCommit(
  base: readonly PlainRange[],
  changes: readonly StagedChange[],
  parameters: RangeParameters,
): PlainRange[] {
  const result: PlainRange[] = [];
  let written: PlainRecord[] = [];
  const writer = new RangeWriter(parameters, (range) => {
    result.push({ range, records: written });
    written = [];
  });
  const write = (record: PlainRecord) => {
    written.push(record);
    writer.add(sliceOf(record.key), sliceOf(valueOf(record.entry)));
  };
  const waiting = changes.map(({ path, entry }) => ({ key: Buffer.from(path), entry }));
  for (const { range, records } of base) {
    const next = waiting[0];
    if (!next || compareBytes(range.maxKey, next.key) < 0) {
      writer.endRange();
      result.push({ range, records });
      continue;
    }
    for (const record of records) {
      for (let change = waiting[0]; change; change = waiting[0]) {
        if (compareBytes(change.key, record.key) >= 0) break;
        waiting.shift();
        if (change.entry) write({ key: change.key, entry: change.entry });
      }
      const change = waiting[0];
      if (!change || compareBytes(change.key, record.key) !== 0) {
        write(record);
        continue;
      }
      waiting.shift();
      if (!change.entry) continue;
      const isSame = compareBytes(identityOf(change.entry), identityOf(record.entry)) === 0;
      write(isSame ? record : { key: change.key, entry: change.entry });
    }
  }
  for (const { key, entry } of waiting) if (entry) write({ key, entry });
  writer.endRange();
  return result;
}

function valueOf(entry: ObjectEntry): Uint8Array {
  const data = new ByteWriter();
  writeEntry(data, entry);
  const value = new ByteWriter();
  writeValue(value, identityOf(entry), sliceOf(data.view()));
  return value.toBytes();
}
