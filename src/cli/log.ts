import type { CliCommand } from './command.js';

export const logCommand: CliCommand = {
  name: 'log',
  summary: "Serve a log and nothing more, by EventStoreDB's protocol, until it is stopped.",
  options: {},

  run(_, { inForce, serveLog }) {
    return serveLog(inForce.config);
  },
};
