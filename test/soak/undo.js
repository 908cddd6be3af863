// Random histories whose operations are undone: test/undo.
import { runsTypeScript } from '../support/soak-job.js';

export const name = 'undo';

/** Counts undos; the first that does not bring back what was there ends the job, with its history. */
export const run = runsTypeScript('test/soak/undo.ts');
