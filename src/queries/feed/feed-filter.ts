import { streamPrefixesOf } from '../../domain/event-place.js';
import type { EventType } from '../../domain/event-types.js';
import type { BranchId, RepositoryId, RepositoryUid } from '../../domain/model.js';
import { repositoryStream } from '../../domain/repository/repository.stream.js';
import type { EventFilter } from '../../ports/event-log.js';
import type { FeedEvent } from './told-event.js';

/** What a consumer wants to be told; what is left out asks for nothing. */
export interface FeedWish {
  /** One life of a repository: another one of its name is another repository. */
  readonly uid?: RepositoryUid;
  readonly branch?: BranchId;
  /** Empty: all. */
  readonly types: readonly EventType[];
}

/** A wish as a test of events. What it says of one is a function of that event alone. */
export class FeedFilter {
  /** Equal for filters that take the same events. */
  readonly key: string;
  readonly #types: ReadonlySet<string> | undefined;

  constructor(
    private readonly wish: FeedWish,
    /** The name of the repository that was asked for, if it is known. */
    private readonly name?: RepositoryId,
  ) {
    const { uid = '', branch = '', types } = wish;
    this.#types = types.length > 0 ? new Set(types) : undefined;
    const sorted = [...(this.#types ?? [])].sort();
    this.key = JSON.stringify([uid, name ?? '', branch, ...sorted]);
  }

  takes({ bytes, type, place }: FeedEvent): boolean {
    if (bytes.length === 0) return false;
    const { uid, branch } = this.wish;
    if (uid !== undefined && place.uid !== uid) return false;
    if (branch !== undefined && place.branch !== branch) return false;
    return this.#types?.has(type) !== false;
  }

  /** What the log can leave out for it; undefined: nothing. */
  get logFilter(): EventFilter | undefined {
    const { uid } = this.wish;
    if (uid === undefined) return undefined;
    // Which of several repositories of one name, or of names that begin alike, says the event.
    const own = this.name === undefined ? 'repository-' : repositoryStream(this.name);
    return { streamPrefixes: [own, ...streamPrefixesOf(uid)] };
  }
}
