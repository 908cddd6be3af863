// Random trees, read back from their files and held to plain maps: test/model/tree-runs.ts.
import { runsTypeScript } from '../support/soak-job.js';

export const name = 'trees';

/** Counts steps; the first that gives another tree, merge or difference ends the job. */
export const run = runsTypeScript('test/soak/trees.ts');
