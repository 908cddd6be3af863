import type { BranchRecord } from '../domain/branch/branch.events.js';
import type { ObjectPath, RepositoryUid, StagingToken } from '../domain/model.js';
import type { RepositoryRecord } from '../domain/repository/repository.events.js';
import { REQUEST_KEPT_MS, requestDecider } from '../domain/request/request.decider.js';
import { placeOfToken, stagingStream, type TokenPlace } from '../domain/staging/staging.stream.js';
import type { Clock } from '../ports/clock.js';
import type { EventLog } from '../ports/event-log.js';
import type { Ids } from '../ports/ids.js';
import type { KvRow, KvStore } from '../ports/kv-store.js';
import { BranchesView } from '../projections/branches.view.js';
import { decodeValue, type BegunRequest, type PendingBranch } from '../projections/kv-codec.js';
import { keys, partitions, wordPartitions } from '../projections/kv-keys.js';
import { RepositoriesView } from '../projections/repositories.view.js';
import { scanPages, scanRows } from '../projections/scan-rows.js';
import { compareBytes, fromUtf8 } from '../shared/bytes.js';
import { failpoint } from '../shared/failpoint.js';
import { AggregateStreams } from './aggregate-stream.js';
import type { Intents } from './branch/intents.js';
import { contextOf, newEvent } from './new-events.js';
import type { RepositoryDeletion } from './repository/repository-deletion.js';
import { ownRequest, partOf, type Request } from './request.js';

const ROWS_PER_PAGE = 500;
/** Rows that one append takes out of a view: its transaction stays short. */
const ROWS_PER_SLICE = 1_000;
/** Keys that are forgotten side by side: their appends share a sync. */
const REQUESTS_AT_ONCE = 100;
/** Tokens that are dropped side by side, likewise. */
const DROPS_AT_ONCE = 32;

export interface SweepLimits {
  /** Longer than any read or build may take, from when nobody can begin to need a token's rows. */
  readonly dropGraceMs: number;
}

/**
 * Finishes what a crash left half done, and drops what nobody can read any more. Every node may
 * sweep at any moment: each step is one that any node may take.
 */
export class Sweep {
  /** When this process first saw that a token is consumed; its grace counts from there. */
  readonly #consumedSinceMs = new Map<StagingToken, number>();

  readonly #streams: AggregateStreams;

  constructor(
    private readonly ports: {
      readonly log: EventLog;
      readonly kv: KvStore;
      readonly clock: Clock;
      readonly ids: Ids;
    },
    private readonly intents: Intents,
    private readonly deletion: RepositoryDeletion,
    private readonly limits: SweepLimits,
  ) {
    this.#streams = new AggregateStreams(ports.log, ports.clock);
  }

  /** Looks once over everything. */
  async run(): Promise<void> {
    const request = ownRequest(this.ports.ids, 'sweep');
    await this.#finishDeletions(request);
    await this.#helpBranches(request);
    await this.#dropTokens(request);
    await this.#forgetRequests(request);
  }

  async #finishDeletions(request: Request): Promise<void> {
    const view = new RepositoriesView(this.ports.kv);
    for (const repository of await view.deleting('', ROWS_PER_PAGE)) {
      await this.deletion.finish(repository, partOf(request, repository.uid));
    }
  }

  /** An intent whose requester died is completed by whoever comes by. */
  async #helpBranches(request: Request): Promise<void> {
    const partition = partitions.pendingBranches;
    let repositories: ReadonlyMap<RepositoryUid, RepositoryRecord> | undefined;
    for await (const row of scanRows(this.ports.kv, partition)) {
      const { uid, branch } = decodeValue<PendingBranch>(row);
      // Read only when something is pending: most rounds find nothing.
      repositories ??= await new RepositoriesView(this.ports.kv).byUid();
      const repository = repositories.get(uid);
      // One that is being deleted ends its branches itself.
      if (repository) await this.intents.help({ repository, branch }, request);
    }
  }

  async #dropTokens(request: Request): Promise<void> {
    const seen = new Set<StagingToken>();
    for await (const page of scanPages(this.ports.kv, partitions.closedTokens, {
      limit: ROWS_PER_PAGE,
    })) {
      const tokens = page.map(({ key }) => fromUtf8(key) as StagingToken);
      for (const token of tokens) seen.add(token);
      const due = await this.#dueOf(tokens);
      for (let at = 0; at < due.length; at += DROPS_AT_ONCE) {
        const some = due.slice(at, at + DROPS_AT_ONCE);
        await failpoint('drop.beforeToken');
        await Promise.all(some.map((token) => this.#drop(token, partOf(request, token))));
      }
    }
    for (const token of this.#consumedSinceMs.keys()) {
      if (!seen.has(token)) this.#consumedSinceMs.delete(token);
    }
  }

  /** Returns those of closed tokens that nobody can need any more. */
  async #dueOf(tokens: readonly StagingToken[]): Promise<readonly StagingToken[]> {
    const view = new BranchesView(this.ports.kv);
    const records = new Map<string, Promise<BranchRecord | undefined>>();
    // Read behind the tokens, so a branch that a token is of is not younger than what is read of
    // it.
    const recordOf = ({ uid, branch }: TokenPlace) => {
      const name = `${uid} ${branch}`;
      const record = records.get(name) ?? view.get(uid, branch);
      records.set(name, record);
      return record;
    };
    const places = tokens.map((token) => ({ token, place: placeOfToken(token) }));
    const found = await Promise.all(places.map(({ place }) => recordOf(place)));
    return places
      .filter(({ token, place }, at) => this.#isDue(token, place, found[at]))
      .map(({ token }) => token);
  }

  #isDue(token: StagingToken, place: TokenPlace, record: BranchRecord | undefined): boolean {
    if (!isConsumed(place, record)) return false;
    const nowMs = this.ports.clock.nowMs();
    const sinceMs = this.#consumedSinceMs.get(token) ?? nowMs;
    this.#consumedSinceMs.set(token, sinceMs);
    return nowMs - sinceMs >= this.limits.dropGraceMs;
  }

  async #drop(token: StagingToken, request: Request): Promise<void> {
    const limit = ROWS_PER_SLICE + 1;
    const scans = wordPartitions(token).map(
      (partition) => ({ kind: 'scan', partition, limit }) as const,
    );
    for (let slice = 0; ; slice++) {
      const until = endOfSlice(await this.ports.kv.read(scans));
      const event = newEvent({ type: 'StagedRowsDropped', until }, request.commandId, slice);
      const append = { stream: stagingStream(token), expected: 'any' as const, events: [event] };
      await failpoint('drop.beforeSlice');
      await this.ports.log.append([append], contextOf(request, this.ports.clock));
      await failpoint('drop.afterSlice');
      if (until === undefined) return;
    }
  }

  /** What began a day ago is not told again; the rows are in the order of their beginnings. */
  async #forgetRequests(request: Request): Promise<void> {
    const nowMs = this.ports.clock.nowMs();
    const until = keys.request(nowMs - REQUEST_KEPT_MS + 1, '');
    const command = { type: 'ForgetRequest', nowMs } as const;
    const forget = (streams: readonly string[]) =>
      Promise.all(
        streams.map((stream) => {
          const step = { stream, decider: requestDecider, command };
          return this.#streams.transact(step, partOf(request, stream));
        }),
      );
    let due: string[] = [];
    for await (const row of scanRows(this.ports.kv, partitions.requests, { until })) {
      due.push(decodeValue<BegunRequest>(row).stream);
      if (due.length < REQUESTS_AT_ONCE) continue;
      await forget(due);
      due = [];
    }
    await forget(due);
  }
}

/** Returns where a slice ends of which no partition has too many rows; undefined: with the last. */
function endOfSlice(partitionRows: readonly (readonly KvRow[])[]): ObjectPath | undefined {
  const ends = partitionRows.flatMap((rows) => rows.slice(ROWS_PER_SLICE).map(({ key }) => key));
  const first = ends.sort(compareBytes)[0];
  return first && (fromUtf8(first) as ObjectPath);
}

/** Returns whether no reader that begins now can need a token: its branch is past it, or gone. */
function isConsumed(
  { life, ordinal }: { life: number; ordinal: number },
  branch: BranchRecord | undefined,
): boolean {
  if (!branch || branch.life !== life || ordinal < branch.tokens.lo) return true;
  return (
    branch.tokens.folded?.some(([first, last]) => first <= ordinal && ordinal <= last) === true
  );
}
