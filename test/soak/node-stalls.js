// One of three nodes held up, or killed, at every failpoint of an append: test/nodes.
import { runsTypeScript } from '../support/soak-job.js';

export const name = 'node-stalls';

/** Counts stops in the middle of work; what takes over two seconds at another node is a failure. */
export const run = runsTypeScript('test/soak/node-stalls.ts');
