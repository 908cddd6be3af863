import { describe, it } from '@jest/globals';
import { expectGoldenFiles } from '../../test/support/golden-files.js';
import { golden } from '../../test/support/golden-records.js';

describe('range files of many records', () => {
  it.each(golden.metaranges.filter(({ n }) => n > 10_000))(
    'are the bytes that lakeFS writes: $name',
    expectGoldenFiles,
    60_000,
  );
});
