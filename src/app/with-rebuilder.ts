import type { DifferingName, ProjectionRebuilder } from '../cli/command.js';
import type { ServerConfig } from '../config/server.config.js';
import type { DifferingRow } from '../ports/view-slots.js';
import { allProjections } from '../projections/all-projections.js';
import { Rebuilder } from '../projections/rebuild.js';
import { withLog } from './with-log.js';

/**
 * Opens what rebuilds views, beside a server that runs or without one, and closes it after the
 * work.
 *
 * @throws ConfigError  everything is kept in memory
 */
export async function withRebuilder<Result>(
  config: ServerConfig,
  work: (rebuilder: ProjectionRebuilder) => Promise<Result>,
): Promise<Result> {
  return withLog(config, ({ log, slots }) =>
    work(cliRebuilder(new Rebuilder(log, slots, allProjections))),
  );
}

function nameOf({ partition, key, left, right }: DifferingRow): DifferingName {
  const is = left === undefined ? 'missing' : right === undefined ? 'extra' : 'other';
  return { partition, key: Buffer.from(key).toString(), is };
}

function cliRebuilder(rebuilder: Rebuilder): ProjectionRebuilder {
  return {
    async list() {
      const listed = await rebuilder.list();
      return listed.map(({ name, ...rest }) => ({ projection: name, ...rest }));
    },
    async rebuild(projections, options) {
      const reports = await rebuilder.rebuildAll(projections, options);
      return reports.map(({ projection, events, writes, differingCount, differing }) => ({
        projection,
        events,
        writes,
        differing: differingCount,
        rows: differing.map(nameOf),
      }));
    },
  };
}
