import { describe, expect, it } from '@jest/globals';
import { corruptRanges } from '../../test/support/corrupt-ranges.js';
import { seed } from '../../test/support/seed.js';

const INPUTS = 5000;
// CPU time: by the clock a busy machine would tell about itself.
const CPU_MS_MAX = 100;
const MEMORY_BYTES_MAX = 64 * 1024 * 1024;

describe(`a corrupt range or metarange (SEED=${seed})`, () => {
  it('is refused by name or read as what it is, soon and in little memory', async () => {
    const report = await corruptRanges(INPUTS, seed);

    expect(report.failures).toEqual([]);
    expect(report.cpuMsMax).toBeLessThan(CPU_MS_MAX);
    expect(report.memoryBytesMax).toBeLessThan(MEMORY_BYTES_MAX);
    // What is wrong must get past the checksum to where it matters.
    expect([...report.refusals.keys()]).toEqual(
      expect.arrayContaining([
        'a block does not match its checksum',
        'a block does not uncompress',
        'an entry shares more of the last key than there is',
        'the keys of a block do not ascend',
        'the blocks of the index overlap',
        'the file does not end in the magic of a table',
      ]),
    );
  }, 240_000);
});
