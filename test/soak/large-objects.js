// A 5 GiB object up and down, raw, in a form and in ranges: memory does not grow with its size.
import { runsTypeScript } from '../support/soak-job.js';

export const name = 'large-objects';

export const run = runsTypeScript('test/soak/large-objects.ts');
