// What a power loss leaves of what was acknowledged: test/failure/power-loss.ts.
import { runsTypeScript } from '../support/soak-job.js';

export const name = 'power-loss';

/** Counts blocks; the first that a power loss would take ends the job. */
export const run = runsTypeScript('test/soak/power-loss.ts');
