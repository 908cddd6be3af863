import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { branchStream } from '../../domain/branch/branch.stream.js';
import { DomainError } from '../../domain/errors.js';
import { decodeEvent } from '../../domain/event-types.js';
import type { RepositoryId, RepositoryUid } from '../../domain/model.js';
import type { RepositoryRecord } from '../../domain/repository/repository.events.js';
import { repositoryStream } from '../../domain/repository/repository.stream.js';
import { EventLog, READ_EVENTS_MAX } from '../../ports/event-log.js';
import type { FeedSink } from './feed-consumer.js';
import { FeedFilter, type FeedWish } from './feed-filter.js';
import { FeedHub, type FeedPlace, type Following } from './feed-hub.js';

/** Where a feed begins. */
export type FeedStart =
  | { readonly kind: 'now' }
  /** Behind a position, 0 for the beginning; `field` said so. */
  | { readonly kind: 'after'; readonly position: number; readonly field: string };

/** A feed that is about to begin. */
export interface OpenedFeed {
  /** A position: what comes behind it is told. */
  readonly at: number;
  /** Of the one repository that it is about. */
  readonly uid: RepositoryUid | undefined;
  /** Begins it. */
  follow(sink: FeedSink): Following;
}

/**
 * Opens a feed of events.
 *
 * A name stands for one repository: the one that had it at the position where the feed begins, or
 * the newest at the beginning of the log and now. Another one of its name is not in this feed.
 *
 * @throws DomainError feeds_full, repository_not_found; invalid: the position is not one of the log
 */
export class OpenFeed extends Query<OpenedFeed> {
  constructor(
    readonly wish: FeedWish & { readonly repository?: RepositoryId },
    readonly start: FeedStart,
  ) {
    super();
  }
}

@QueryHandler(OpenFeed)
export class OpenFeedHandler implements IQueryHandler<OpenFeed> {
  constructor(
    private readonly log: EventLog,
    private readonly hub: FeedHub,
  ) {}

  async execute({ wish, start }: OpenFeed): Promise<OpenedFeed> {
    if (this.hub.isFull) throw new DomainError('feeds_full');
    const at = await this.#begin(start);
    const place = await this.#placeOf(wish, start.kind === 'now' ? 0 : at);
    return {
      at,
      uid: place.uid,
      follow: (sink) => this.hub.follow({ ...place, at }, sink),
    };
  }

  async #begin(start: FeedStart): Promise<number> {
    if (start.kind === 'now') return this.log.lastPosition();
    const { position, field } = start;
    if (position <= this.hub.seen) return position;
    const last = await this.log.lastPosition();
    if (position <= last) return position;
    const reason = `position ${position} lies ahead of the log's end, which is ${last}`;
    throw new DomainError('invalid', { field, reason });
  }

  /** @param resumedAt  a position where the feed was before; 0: nowhere */
  async #placeOf(
    { repository, ...wish }: OpenFeed['wish'],
    resumedAt: number,
  ): Promise<Omit<FeedPlace, 'at'> & { readonly uid: RepositoryUid | undefined }> {
    if (repository === undefined) return { filter: new FeedFilter(wish), uid: wish.uid };
    const lives = await this.#livesOf(repository);
    const life =
      wish.uid === undefined
        ? await this.#lifeAt(lives, resumedAt)
        : lives.find(({ record }) => record.uid === wish.uid);
    if (life === undefined) throw new DomainError('repository_not_found');
    const { uid } = life.record;
    const filter = new FeedFilter({ ...wish, uid }, repository);
    return { filter, uid, sayFrom: life.position };
  }

  /** Returns every repository that has ever had a name, in order. */
  async #livesOf(name: RepositoryId): Promise<readonly Life[]> {
    const stream = repositoryStream(name);
    const lives: Life[] = [];
    for (let from = 0; ; from += READ_EVENTS_MAX) {
      const limit = READ_EVENTS_MAX;
      const events = await this.log.read(stream, { from, direction: 'forward', limit });
      for (const stored of events) {
        if (stored.type !== 'RepositoryCreated') continue;
        const event = decodeEvent(stored);
        if (event.type !== 'RepositoryCreated') continue;
        lives.push({ record: event.repository, position: stored.position });
      }
      if (events.length < limit) return lives;
    }
  }

  async #lifeAt(lives: readonly Life[], resumedAt: number): Promise<Life | undefined> {
    if (resumedAt === 0) return lives.at(-1);
    for (const life of lives.toReversed()) {
      if ((await this.#firstPositionOf(life)) <= resumedAt) return life;
    }
    return lives[0];
  }

  /** Its branch is there before it has its name. */
  async #firstPositionOf({ record, position }: Life): Promise<number> {
    const stream = branchStream(record.uid, record.defaultBranch);
    const [first] = await this.log.read(stream, { from: 0, direction: 'forward', limit: 1 });
    return Math.min(position, first?.position ?? position);
  }
}

interface Life {
  readonly record: RepositoryRecord;
  /** Where it was given the name. */
  readonly position: number;
}
