import type { CliCommand } from './command.js';
import { ExitCode } from './exit-code.js';

export const versionCommand: CliCommand = {
  name: 'version',
  summary: "Print this program's version, and those of the API it speaks and of Node.",
  options: {},

  async run(_, { out, versions }) {
    out.row({ ...versions });
    return ExitCode.ok;
  },
};
