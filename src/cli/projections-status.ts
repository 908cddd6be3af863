import type { CliCommand, ProjectionRow } from './command.js';
import { ExitCode } from './exit-code.js';

export const projectionsStatus: CliCommand = {
  name: 'projections status',
  summary: 'Say of each view whether this program can serve with it as it is.',
  options: {},

  run(_, { inForce, out, withRebuilder }) {
    return withRebuilder(inForce.config, async (rebuilder) => {
      let isCurrent = true;
      for (const row of await rebuilder.list()) {
        const state = stateOf(row);
        isCurrent &&= state === 'current';
        out.row({ projection: row.projection, state, isBuilding: row.isBuilding });
      }
      return isCurrent ? ExitCode.ok : ExitCode.differs;
    });
  },
};

/** `missing` and `outdated` are built anew by the next `serve`, before it answers. */
function stateOf({ version, storedVersion }: ProjectionRow): 'current' | 'outdated' | 'missing' {
  if (storedVersion === undefined) return 'missing';
  return storedVersion === version ? 'current' : 'outdated';
}
