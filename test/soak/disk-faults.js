// A disk whose k-th call fails, for every k of two uploads, two commits and a merge: test/failure.
import { runsTypeScript } from '../support/soak-job.js';

export const name = 'disk-faults';

/** Counts calls that failed; what was answered and is not there, or refused and half there, fails. */
export const run = runsTypeScript('test/soak/disk-faults.ts');
