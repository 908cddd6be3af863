// A thousand consumers of the feed on two nodes that are killed all the time: test/feed.
import { runsTypeScript } from '../support/soak-job.js';

export const name = 'feed';

/** Counts events told; one that is missing, told twice or out of turn is a failure. */
export const run = runsTypeScript('test/soak/feed.ts');
