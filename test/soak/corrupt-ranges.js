// Corrupt range and metarange files, fed to every reader: test/support/corrupt-ranges.ts.
import { runsTypeScript } from '../support/soak-job.js';

export const name = 'corrupt-ranges';

/** Counts inputs; one that is not refused by name, or costs too much, is a failure. */
export const run = runsTypeScript('test/soak/corrupt-ranges.ts');
