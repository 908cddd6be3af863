// The database connection cut after every byte count of an append, both ways: test/failure. A run
// goes on behind the last cut of the one before, as the record has it.
import { lastNext } from '../support/last-next.js';
import { runsTypeScript } from '../support/soak-job.js';

export const name = 'cut-connections';

/** Counts cuts; an append that is missing, or there twice, or a caller told wrong, is a failure. */
export const run = (slice) => runsTypeScript('test/soak/cut-connections.ts', lastNext(name))(slice);
