import { configurationPage } from '../config/about-keys.js';
import type { CliCommand } from './command.js';
import { ExitCode } from './exit-code.js';

export const configPage: CliCommand = {
  name: 'config page',
  summary: 'Print the page of every key, as docs/configuration.md has it.',
  options: {},

  async run(_, { out }) {
    out.text(configurationPage());
    return ExitCode.ok;
  },
};
