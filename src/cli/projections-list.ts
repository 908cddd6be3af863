import type { CliCommand } from './command.js';
import { ExitCode } from './exit-code.js';

export const projectionsList: CliCommand = {
  name: 'projections list',
  summary: 'Print the views that are made from the log.',
  options: {},

  run(_, { inForce, out, withRebuilder }) {
    return withRebuilder(inForce.config, async (rebuilder) => {
      for (const { projection, version, storedVersion, isBuilding } of await rebuilder.list()) {
        out.row({ projection, version, storedVersion, isBuilding });
      }
      return ExitCode.ok;
    });
  },
};
