// Rolling restarts of two nodes under load: test/rolling.
import { runsTypeScript } from '../support/soak-job.js';

export const name = 'rolling-restarts';

/** Counts restarts; an error, a broken connection or anything lost is a failure. */
export const run = runsTypeScript('test/soak/rolling-restarts.ts');
