import { type CliCommand, UsageError } from './command.js';
import { ExitCode } from './exit-code.js';

export const streamsSeal: CliCommand = {
  name: 'streams seal',
  summary: 'Refuse every write to this log from now on, on all of its nodes; reads go on.',
  options: {
    note: { type: 'string', help: 'what a writer is told, as: moved to https://…' },
  },

  run({ note }, { inForce, out, withStreams }) {
    if (typeof note !== 'string' || note === '') throw new UsageError('--note says why');
    return withStreams(inForce.config, async (streams) => {
      await streams.seal(note);
      out.row({ isSealed: true, note });
      return ExitCode.ok;
    });
  },
};

export const streamsUnseal: CliCommand = {
  name: 'streams unseal',
  summary: 'Take writes again.',
  options: {},

  run(_options, { inForce, out, withStreams }) {
    return withStreams(inForce.config, async (streams) => {
      await streams.unseal();
      out.row({ isSealed: false });
      return ExitCode.ok;
    });
  },
};
