import type { CliCommand } from './command.js';
import { ExitCode } from './exit-code.js';
import { folderOf } from './streams-options.js';

export const streamsVerify: CliCommand = {
  name: 'streams verify',
  summary: 'Compare this log and its views with what `streams export` made, to the byte.',
  options: {
    against: { type: 'string', help: 'the folder' },
    as: { type: 'string', help: 'of an archive of one repository: the name that it has here' },
  },

  run(options, { inForce, out, progress, withStreams }) {
    const folder = folderOf(options['against'], '--against');
    const as = options['as'];
    const wish = { folder, ...(typeof as === 'string' && { as }) };
    return withStreams(inForce.config, async (streams) => {
      const bar = progress('compared');
      const verified = await streams.verify(wish, ({ count, part }) => bar.show(count, part));
      bar.end();
      const { events, difference, views } = verified;
      out.row({ what: 'events', count: events, is: difference ?? 'equal' });
      for (const { view, rows, sha256, is } of views) {
        out.row({ what: `view ${view}`, count: rows, is: is ?? 'equal', sha256 });
      }
      const isEqual = difference === undefined && views.every((view) => view.is === undefined);
      return isEqual ? ExitCode.ok : ExitCode.differs;
    });
  },
};
