import type { CliCommand, CliServices, OptionValues } from './command.js';
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

  run(options, services) {
    const swap = options['dry-run'] !== true;
    return rebuildViews(options['projection'], { swap }, services);
  },
};

/** Builds one view or all of them, and prints what each took and which of its rows differ. */
export function rebuildViews(
  one: OptionValues[string],
  options: { readonly swap: boolean },
  { inForce, out, withRebuilder }: CliServices,
): Promise<ExitCode> {
  return withRebuilder(inForce.config, async (rebuilder) => {
    const names =
      typeof one === 'string' ? [one] : (await rebuilder.list()).map((each) => each.projection);
    let differingCount = 0;
    for (const { rows, ...report } of await rebuilder.rebuild(names, options)) {
      const { projection } = report;
      differingCount += report.differing;
      out.row({ ...report });
      for (const { partition, key, is } of rows) out.row({ projection, partition, key, is });
    }
    return options.swap || differingCount === 0 ? ExitCode.ok : ExitCode.differs;
  });
}
