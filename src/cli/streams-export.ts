import type { CliCommand } from './command.js';
import { UsageError } from './command.js';
import { ExitCode } from './exit-code.js';
import { followed, folderOf, FOLLOW_OPTION } from './streams-options.js';

export const streamsExport: CliCommand = {
  name: 'streams export',
  summary:
    'Write the log, or a repository of it, into a folder of files; goes on if some are there.',
  options: {
    to: { type: 'string', help: 'the folder' },
    repository: { type: 'string', help: 'its name; left out: all of the log' },
    after: { type: 'string', help: 'begin behind this position of the log' },
    ...FOLLOW_OPTION,
  },

  run(options, { inForce, out, progress, withStreams, waitForRound }) {
    const folder = folderOf(options['to'], '--to');
    const after = positionOf(options['after']);
    const repository = options['repository'];
    const scope =
      typeof repository === 'string'
        ? ({ kind: 'repository', name: repository } as const)
        : ({ kind: 'all' } as const);
    return withStreams(inForce.config, async (streams) => {
      await followed(options['follow'] === true, waitForRound, async () => {
        const bar = progress('exported');
        const wish = { folder, scope, after };
        const report = await streams.export(wish, ({ count, part }) => bar.show(count, part));
        bar.end();
        out.row({ ...report });
      });
      return ExitCode.ok;
    });
  },
};

function positionOf(text: string | boolean | undefined): number {
  if (text === undefined) return 0;
  const position = Number(text);
  if (Number.isSafeInteger(position) && position >= 0) return position;
  throw new UsageError(`--after: ${String(text)} is no position`);
}
