import { describe, expect, it } from '@jest/globals';
import { expectGoldenFiles } from '../../test/support/golden-files.js';
import { golden } from '../../test/support/golden-records.js';

// Made by lakeFS 1.84; see test/golden/ORIGIN.md. Larger ones are in golden.int.spec.ts.
const QUICK_RECORDS_MAX = 10_000;

describe('range files of the same records', () => {
  it.each(golden.metaranges.filter(({ n }) => n <= QUICK_RECORDS_MAX))(
    'are the bytes that lakeFS writes: $name',
    expectGoldenFiles,
  );

  it('cover every golden case up to ten thousand records', () => {
    const names = golden.metaranges.filter(({ n }) => n <= QUICK_RECORDS_MAX).map((c) => c.name);
    expect(names).toHaveLength(8);
  });
});
