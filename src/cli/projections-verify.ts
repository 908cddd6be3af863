import type { CliCommand } from './command.js';
import { rebuildViews } from './projections-rebuild.js';

export const projectionsVerify: CliCommand = {
  name: 'projections verify',
  summary: 'Build a view anew beside the one in use, compare the two, and change nothing.',
  options: {
    projection: {
      type: 'string',
      help: 'its name, as `projections list` prints it; left out: every one',
    },
  },

  run({ projection }, services) {
    return rebuildViews(projection, { swap: false }, services);
  },
};
