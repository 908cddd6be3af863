import type { RepositoryId, RepositoryUid } from '../../domain/model.js';
import type { RepositoriesView } from '../../projections/repositories.view.js';
import { OnceAtATime } from '../../shared/in-turn.js';
import type { RepositoryNames } from './told-event.js';

/**
 * What repositories are called. A name never changes, so one that was found is kept; of one that is
 * gone before it was asked for nothing is known.
 */
export class FeedNames implements RepositoryNames {
  readonly #names = new Map<RepositoryUid, RepositoryId>();
  /** When it was looked for in vain. */
  readonly #missed = new Map<RepositoryUid, number>();
  readonly #looks = new OnceAtATime();

  constructor(
    private readonly repositories: Pick<RepositoriesView, 'byUid'>,
    private readonly elapsedMs: () => number,
  ) {}

  async nameOf(uid: RepositoryUid): Promise<RepositoryId | undefined> {
    const known = this.#names.get(uid);
    if (known !== undefined) return known;
    const missedAtMs = this.#missed.get(uid);
    if (missedAtMs !== undefined && this.elapsedMs() - missedAtMs < AGAIN_MS) return undefined;
    // A name that cannot be had now keeps no event back.
    await this.#looks.run('', () => this.#look()).catch(() => undefined);
    const found = this.#names.get(uid);
    if (found === undefined) this.#miss(uid);
    return found;
  }

  learn(uid: RepositoryUid, name: RepositoryId): void {
    if (this.#names.size >= KEPT_MAX) this.#names.clear();
    this.#names.set(uid, name);
  }

  async #look(): Promise<void> {
    const all = await this.repositories.byUid();
    for (const [uid, { name }] of all) this.learn(uid, name);
  }

  #miss(uid: RepositoryUid): void {
    if (this.#missed.size >= KEPT_MAX) this.#missed.clear();
    this.#missed.set(uid, this.elapsedMs());
  }
}

const KEPT_MAX = 100_000;
/** Its creation may be on its way to the views. */
const AGAIN_MS = 2_000;
