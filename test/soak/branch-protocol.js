// Interleavings of the branch protocol over the real commands: test/model/branch-protocol.
import { runsTypeScript } from '../support/soak-job.js';

export const name = 'branch-protocol';

/** Counts interleavings; the first that violates the protocol ends the job, with its trace. */
export const run = runsTypeScript('test/soak/branch-protocol.ts');
