import { OWNED_KINDS, streamPrefixesOf } from '../../domain/event-place.js';
import { repositoryStream } from '../../domain/repository/repository.stream.js';
import type { RepositoryId, RepositoryUid } from '../../domain/model.js';
import type { ArchiveScope } from '../../ports/event-archive.js';
import type { EventFilter, EventLog, RecordedEvent } from '../../ports/event-log.js';
import { READ_EVENTS_MAX } from '../../ports/event-log.js';

/**
 * What of a log is wanted.
 *
 * All streams of a repository but its own have its uid in their names. It gets another uid in each
 * of its lives, and the event that says so stands before the first that has it.
 */
export class Scope {
  readonly #stream: string | undefined;
  readonly #uids = new Set<RepositoryUid>();

  private constructor({ name }: { readonly name: string | undefined }) {
    this.#stream = name === undefined ? undefined : repositoryStream(name as RepositoryId);
  }

  /** @throws RepositoryUnknown  the log has never had it */
  static async of(log: EventLog, scope: ArchiveScope): Promise<Scope> {
    const made = new Scope({ name: scope.kind === 'all' ? undefined : scope.name });
    const stream = made.#stream;
    if (stream === undefined) return made;
    for (let from = 0; ; from += READ_EVENTS_MAX) {
      const options = { from, direction: 'forward', limit: READ_EVENTS_MAX } as const;
      const events = await log.read(stream, options);
      for (const event of events) made.meets(event);
      if (events.length < READ_EVENTS_MAX) break;
    }
    if (made.#uids.size === 0 && scope.kind === 'repository')
      throw new RepositoryUnknown(scope.name);
    return made;
  }

  get filter(): EventFilter | undefined {
    if (this.#stream === undefined) return undefined;
    const ofUid = [...this.#uids].flatMap(streamPrefixesOf);
    return { streamPrefixes: [this.#stream, ...ofUid] };
  }

  /** Returns whether this event says that the repository has another uid, unknown till now. */
  meets(event: RecordedEvent): boolean {
    if (event.stream !== this.#stream || event.type !== 'RepositoryCreated') return false;
    const { uid } = event.data['repository'] as { readonly uid: RepositoryUid };
    if (this.#uids.has(uid)) return false;
    this.#uids.add(uid);
    return true;
  }

  /** A filter takes `repository-a` for the beginning of `repository-ab` too. */
  has({ stream }: RecordedEvent): boolean {
    if (this.#stream === undefined || stream === this.#stream) return true;
    return [...this.#uids].some((uid) =>
      streamPrefixesOf(uid).some((one) => stream.startsWith(one)),
    );
  }
}

const OF_REPOSITORY = new RegExp(`^(?:(?:${OWNED_KINDS.join('|')})-([^-]+)-|staging-([^.]+)\\.)`);

/** Returns the uid of the repository that a stream is of; undefined: it says none. */
export function uidOfStream(stream: string): string | undefined {
  const match = OF_REPOSITORY.exec(stream);
  return match?.[1] ?? match?.[2];
}

/** No such repository was ever in the log. */
export class RepositoryUnknown extends Error {
  override readonly name = 'RepositoryUnknown';

  constructor(repository: string) {
    super(`the log knows no repository '${repository}'`);
  }
}
