import type { CliCommand } from './command.js';
import { ExitCode } from './exit-code.js';
import { folderOf, followed, FOLLOW_OPTION } from './streams-options.js';

export const streamsImport: CliCommand = {
  name: 'streams import',
  summary: 'Write what `streams export` made into this log; goes on where it was cut off.',
  options: {
    from: { type: 'string', help: 'the folder' },
    as: { type: 'string', help: 'of an archive of one repository: the name that it gets' },
    ...FOLLOW_OPTION,
  },

  run(options, { inForce, out, progress, withStreams, waitForRound }) {
    const folder = folderOf(options['from'], '--from');
    const as = options['as'];
    const wish = { folder, ...(typeof as === 'string' && { as }) };
    return withStreams(inForce.config, async (streams) => {
      await followed(options['follow'] === true, waitForRound, async () => {
        const bar = progress('imported');
        const report = await streams.import(wish, ({ count, part }) => bar.show(count, part));
        bar.end();
        out.row({ ...report });
      });
      return ExitCode.ok;
    });
  },
};
