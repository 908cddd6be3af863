import type { Clock } from '../ports/clock.js';
import type { Ids } from '../ports/ids.js';
import type { KvRow, KvStore } from '../ports/kv-store.js';
import { decodeValue, type PendingBranch } from '../projections/kv-codec.js';
import { partitions } from '../projections/kv-keys.js';
import { RepositoriesView } from '../projections/repositories.view.js';
import { fromUtf8 } from '../shared/bytes.js';
import type { Intents } from './branch/intents.js';
import { ownRequest } from './request.js';

export interface HelpLimits {
  /** How long a queue may stand still before this node helps. */
  readonly patienceMs: number;
  /** Called when a help fails; the next look finds the branch again. */
  readonly onError: (error: unknown) => void;
}

interface StandingStill {
  readonly version: string;
  readonly sinceMs: number;
}

/**
 * Helps branches whose queues stand still: their requesters died, or are held up, and nobody asks
 * for anything there. Who builds for longer than the patience is helped too, for nothing: the
 * first result counts, and nobody can tell the two apart.
 */
export class HelpPending {
  /** By the pending branch's key; what this process saw of it last. */
  readonly #seen = new Map<string, StandingStill>();
  readonly #helping = new Map<string, Promise<void>>();

  constructor(
    private readonly ports: { readonly kv: KvStore; readonly clock: Clock; readonly ids: Ids },
    private readonly intents: Pick<Intents, 'help'>,
    private readonly limits: HelpLimits,
  ) {}

  /** Looks once, and begins to help; one branch that takes long keeps no other waiting. */
  async run(): Promise<void> {
    const [rows = []] = await this.ports.kv.read([
      { kind: 'scan', partition: partitions.pendingBranches, limit: PENDING_ROWS_MAX },
    ]);
    const due = this.#standingStill(rows);
    if (due.length === 0) return;
    const repositories = await new RepositoriesView(this.ports.kv).byUid();
    for (const row of due) {
      const { uid, branch } = decodeValue<PendingBranch>(row);
      const repository = repositories.get(uid);
      // One that is being deleted ends its branches itself.
      if (repository) this.#help(fromUtf8(row.key), { repository, branch });
    }
  }

  /** Resolves when nobody is being helped any more. */
  async idle(): Promise<void> {
    await Promise.all(this.#helping.values());
  }

  /** A row is written anew with each intent that comes or goes. */
  #standingStill(rows: readonly KvRow[]): readonly KvRow[] {
    const nowMs = this.ports.clock.nowMs();
    const keys = new Set<string>();
    const due = rows.filter(({ key, version }) => {
      const name = fromUtf8(key);
      keys.add(name);
      const seen = this.#seen.get(name);
      if (seen?.version === version) return nowMs - seen.sinceMs >= this.limits.patienceMs;
      this.#seen.set(name, { version, sinceMs: nowMs });
      return false;
    });
    for (const name of this.#seen.keys()) if (!keys.has(name)) this.#seen.delete(name);
    return due.filter(({ key }) => !this.#helping.has(fromUtf8(key)));
  }

  #help(name: string, place: Parameters<Intents['help']>[0]): void {
    if (this.#helping.size >= HELPED_AT_ONCE_MAX) return;
    const helping = this.intents
      .help(place, ownRequest(this.ports.ids, 'help'))
      .catch(this.limits.onError)
      .finally(() => this.#helping.delete(name));
    this.#helping.set(name, helping);
  }
}

/** Branches that are looked at in one round; of more, the others come when these are done. */
const PENDING_ROWS_MAX = 500;
const HELPED_AT_ONCE_MAX = 16;
