import { type CliCommand, UsageError } from './command.js';
import { ExitCode } from './exit-code.js';

export const projectionsRebuild: CliCommand = {
  name: 'projections rebuild',
  summary: 'Build a view anew from the log, beside the one in use, then swap it in.',
  options: {
    projection: { type: 'string', help: 'its name, as `projections list` prints it' },
    'dry-run': { type: 'boolean', help: 'build and compare, swap nothing' },
  },

  async run(options, { inForce, out, withRebuilder }) {
    const projection = options['projection'];
    if (typeof projection !== 'string') throw new UsageError('--projection is missing');
    const swap = options['dry-run'] !== true;
    return withRebuilder(inForce.config, async (rebuilder) => {
      const { rows, ...report } = await rebuilder.rebuild(projection, { swap });
      out.row({ projection, ...report });
      for (const { partition, key, is } of rows) out.row({ projection, partition, key, is });
      return swap || report.differing === 0 ? ExitCode.ok : ExitCode.differs;
    });
  },
};
