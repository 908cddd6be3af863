// Every order of all steps of the small scenarios of the branch protocol, each state once:
// test/model/branch-protocol. A run goes on behind the last scenario of the one before, as the
// record has it.
import { lastNext } from '../support/last-next.js';
import { runsTypeScript } from '../support/soak-job.js';

export const name = 'branch-states';

/** Counts states; the first that violates the protocol ends the job, with its trace. */
export const run = (slice) => runsTypeScript('test/soak/branch-states.ts', lastNext(name))(slice);
