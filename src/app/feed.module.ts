import { type DynamicModule, Logger, Module } from '@nestjs/common';
import { frameOf } from '../api/feed-frames.js';
import { nextTurn } from '../committed/turn.js';
import type { ServerConfig } from '../config/server.config.js';
import { Clock } from '../ports/clock.js';
import { EventLog } from '../ports/event-log.js';
import { RepositoriesView } from '../projections/repositories.view.js';
import { FeedHub } from '../queries/feed/feed-hub.js';
import { FeedNames } from '../queries/feed/feed-names.js';
import type { FeedWatcher } from '../queries/feed/feed-run.js';
import { OpenFeedHandler } from '../queries/feed/open-feed.js';
import { FeedEvents } from '../queries/feed/told-event.js';
import { ViewsModule } from './views.module.js';

/** Enough that those who were cut off by a node that died find the window of another. */
const REACH_BACK = 2_000;

type FeedConfig = Pick<ServerConfig, 'eventLog' | 'feedsMax' | 'feedHeartbeatMs' | 'feedStallMs'>;

/** What tells events to whoever follows them. */
@Module({})
export class FeedModule {
  /** @param watcher  hears what becomes of consumers */
  static with(config: FeedConfig, watcher?: FeedWatcher): DynamicModule {
    return {
      module: FeedModule,
      imports: [ViewsModule],
      providers: [
        {
          provide: FeedHub,
          inject: [EventLog, Clock, RepositoriesView],
          useFactory: (log: EventLog, clock: Clock, repositories: RepositoriesView) => {
            const elapsedMs = () => performance.now();
            const events = new FeedEvents(new FeedNames(repositories, elapsedMs), frameOf);
            const around = { elapsedMs, afterTurn: nextTurn, onFault, ...(watcher && { watcher }) };
            return new FeedHub({ log, events, clock, ...around }, limitsOf(config));
          },
        },
        OpenFeedHandler,
      ],
    };
  }
}

const limitsOf = ({ eventLog, feedsMax, feedHeartbeatMs, feedStallMs }: FeedConfig) => ({
  consumersMax: feedsMax,
  heartbeatMs: feedHeartbeatMs,
  stallMs: feedStallMs,
  // Positions of an EventStoreDB are not counted: between two of them there is nothing to name.
  reachBack: eventLog === 'eventstoredb' ? 0 : REACH_BACK,
});

const logger = new Logger('feed');
const onFault = (error: unknown): void =>
  logger.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
