// Every state of the branch protocol's races: test/model/every-order. A run goes on behind the last
// race of the one before, as the record has it.
import { lastNext } from '../support/last-next.js';
import { runsTypeScript } from '../support/soak-job.js';

export const name = 'every-order';

/** Counts states; the first that violates the protocol ends the job, with its trace. */
export const run = (slice) => runsTypeScript('test/soak/every-order.ts', lastNext(name))(slice);
