import type { CliCommand } from './command.js';
import { ExitCode } from './exit-code.js';

export const projectionsRebuild: CliCommand = {
  name: 'projections rebuild',
  summary: 'Build a view anew from the log, beside the one in use, then swap it in.',
  options: {
    projection: {
      type: 'string',
      help: 'its name, as `projections list` prints it; left out: every one',
    },
    'dry-run': { type: 'boolean', help: 'build and compare, swap nothing' },
  },

  async run(options, { inForce, out, withRebuilder }) {
    const { projection: one } = options;
    const swap = options['dry-run'] !== true;
    return withRebuilder(inForce.config, async (rebuilder) => {
      const names =
        typeof one === 'string' ? [one] : (await rebuilder.list()).map((each) => each.projection);
      let differingCount = 0;
      for (const projection of names) {
        const { rows, ...report } = await rebuilder.rebuild(projection, { swap });
        differingCount += report.differing;
        out.row({ projection, ...report });
        for (const { partition, key, is } of rows) out.row({ projection, partition, key, is });
      }
      return swap || differingCount === 0 ? ExitCode.ok : ExitCode.differs;
    });
  },
};
