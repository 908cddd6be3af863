import { expect } from '@jest/globals';
import { buildMetaRange } from '../../src/committed/metarange-writer.js';
import { RangeWriter, type BuiltRange } from '../../src/committed/range-writer.js';
import { sliceOf } from '../../src/committed/slice.js';
import { DEFAULT_RANGE_PARAMETERS } from '../../src/ports/committed-store.js';
import { goldenRecords, sha256, type GoldenMetaRange } from './golden-records.js';

const parametersOf: { readonly [name: string]: Partial<typeof DEFAULT_RANGE_PARAMETERS> } = {
  '10000_max256k': { rangeBytesMax: 262_144 },
  '10000_ragged1000': { raggednessEntries: 1000 },
};

/** Builds a golden case anew, and expects lakeFS's bytes of every file. */
export async function expectGoldenFiles(wanted: GoldenMetaRange): Promise<void> {
  const given = wanted.name === 'one_with_md' ? ([['entity', 'commit']] as const) : [];
  const parameters = { ...DEFAULT_RANGE_PARAMETERS, ...parametersOf[wanted.name] };
  const ranges: BuiltRange[] = [];
  const writer = new RangeWriter(parameters, (range) => ranges.push(range), given);
  for (const { key, value } of goldenRecords(wanted.n)) writer.add(sliceOf(key), sliceOf(value));
  writer.endRange();
  const metaRange = await buildMetaRange(ranges, given);
  const built = {
    name: wanted.name,
    n: wanted.n,
    id: metaRange.id as string,
    file_size: metaRange.file.length,
    file_sha256: sha256(metaRange.file),
    ranges: ranges.length === 0 ? null : ranges.map(asGolden),
  };
  expect(built).toEqual(wanted);
}

function asGolden(range: BuiltRange) {
  return {
    id: range.id as string,
    min: Buffer.from(range.minKey).toString(),
    max: Buffer.from(range.maxKey).toString(),
    count: range.count,
    estimated_size: range.estimatedBytes,
    file_size: range.file.length,
    file_sha256: sha256(range.file),
  };
}
