// Histories of many clients on two nodes, with one fault in each, and stops of a node wherever a
// request comes through: test/linear, test/nodes.
import { runsTypeScript } from '../support/soak-job.js';

export const name = 'linear';

/** Counts histories; what no order explains, and a stall of over two seconds, is a failure. */
export const run = runsTypeScript('test/soak/linear.ts');
