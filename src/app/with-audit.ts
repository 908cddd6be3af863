import type { AuditChecker } from '../cli/command.js';
import { ConfigError } from '../config/config-error.js';
import type { ServerConfig } from '../config/server.config.js';
import { AuditVerifier } from '../projections/audit/audit-verifier.js';
import { withLog } from './with-log.js';

/**
 * Opens what checks the audit, beside a server that runs or without one, and closes it after the
 * work.
 *
 * @throws ConfigError  everything is kept in memory, or the index is
 */
export async function withAudit<Result>(
  config: ServerConfig,
  work: (audit: AuditChecker) => Promise<Result>,
): Promise<Result> {
  return withLog(config, ({ log, kv, connection }) => {
    if (!connection) throw new ConfigError(['the index of the audit is in the servers’ memory']);
    return work({
      async verify(options, onProgress) {
        const end = Math.max(1, await log.lastPosition());
        const { eventCount, leafCount, faults } = await new AuditVerifier(log, kv).run({
          ...options,
          onPart: ({ eventCount: count, position }) =>
            onProgress({ count, part: Math.min(1, position / end) }),
        });
        return { events: eventCount, summaries: leafCount, faults };
      },
    });
  });
}
