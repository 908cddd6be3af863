import type { CliCommand } from './command.js';

export const serveCommand: CliCommand = {
  name: 'serve',
  summary: 'Start the server, with its own Postgres unless one is named, until it is stopped.',
  options: {},

  run(_, { inForce, serve }) {
    return serve(inForce.config);
  },
};
