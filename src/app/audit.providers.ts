import { performance } from 'node:perf_hooks';
import { Logger, type Provider } from '@nestjs/common';
import { Clock } from '../ports/clock.js';
import { CommittedStore } from '../ports/committed-store.js';
import { EventLog } from '../ports/event-log.js';
import { KvStore } from '../ports/kv-store.js';
import { AuditIndex } from '../projections/audit/audit-index.js';
import {
  FindAuditRecordsHandler,
  StreamAuditRecordsHandler,
} from '../queries/audit/find-audit-records.js';
import { CommitsView } from '../projections/commits.view.js';
import { TreeMoves } from '../queries/audit/tree-moves.js';
import { AuditKeeper } from './audit-keeper.js';

const logger = new Logger('audit');

/** Who asks who did what. */
export const audit: Provider[] = [
  FindAuditRecordsHandler,
  StreamAuditRecordsHandler,
  {
    provide: AuditIndex,
    inject: [EventLog, KvStore, Clock],
    useFactory: (log: EventLog, kv: KvStore, clock: Clock) => new AuditIndex(log, kv, clock),
  },
  {
    provide: TreeMoves,
    inject: [KvStore, CommitsView, CommittedStore],
    useFactory: (kv: KvStore, commits: CommitsView, committed: CommittedStore) =>
      new TreeMoves(kv, commits, committed),
  },
  {
    provide: AuditKeeper,
    inject: [AuditIndex, Clock],
    useFactory: (index: AuditIndex, clock: Clock) => {
      let since = performance.eventLoopUtilization();
      const busyPart = () => {
        const now = performance.eventLoopUtilization();
        const { utilization } = performance.eventLoopUtilization(now, since);
        since = now;
        return utilization;
      };
      const onError = (error: unknown): void =>
        logger.warn(`the index falls behind: ${error instanceof Error ? error.message : error}`);
      return new AuditKeeper(index, clock, {
        elapsedMs: () => performance.now(),
        busyPart,
        onError,
      });
    },
  },
];
