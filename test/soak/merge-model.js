// Random three-way merges against the rule for one key: test/model/merge-cases.ts.
import { runsTypeScript } from '../support/soak-job.js';

export const name = 'merge-model';

/** Counts merges; the first whose content is not what the rule says ends the job. */
export const run = runsTypeScript('test/soak/merge-model.ts');
