// Nodes that die at every named failpoint, in their work and in their start, or at any moment, or
// stand still for a while; one alone or beside another that goes on: test/crash.
import { runsTypeScript } from '../support/soak-job.js';

export const name = 'failpoint-kills';

/** Counts deaths while a write was in flight; what is lost or twice is a failure. */
export const run = runsTypeScript('test/crash/main.ts', 'kills');
