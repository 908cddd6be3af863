// Faults of the database under one node, two, or one that has a Postgres of its own: test/crash.
import { runsTypeScript } from '../support/soak-job.js';

export const name = 'postgres-kills';

/** Counts faults that struck while a write was in flight; what is lost or twice is a failure. */
export const run = runsTypeScript('test/crash/main.ts', 'postgres');
