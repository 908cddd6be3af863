import { newEvent } from '../../src/commands/new-events.js';
import type { BranchRecord, IntentRequest } from '../../src/domain/branch/branch.events.js';
import { branchStream } from '../../src/domain/branch/branch.stream.js';
import { firstCommit } from '../../src/domain/commit/first-commit.js';
import type { DomainEvent } from '../../src/domain/event-types.js';
import type { BranchId, CommandId, CommitId, IntentId } from '../../src/domain/model.js';
import type { MetaRangeId, ObjectEntry, ObjectPath, RepositoryId } from '../../src/domain/model.js';
import type { RepositoryUid, StorageNamespace, TagId } from '../../src/domain/model.js';
import { repositoryStream } from '../../src/domain/repository/repository.stream.js';
import { stagingStream, stagingToken } from '../../src/domain/staging/staging.stream.js';
import { tagStream } from '../../src/domain/tag/tag.stream.js';
import { DEFAULT_RANGE_PARAMETERS } from '../../src/ports/committed-store.js';
import type { EventLog, NewEvent, StreamAppend } from '../../src/ports/event-log.js';
import { SeededRandom } from '../support/seeded-random.js';

export const LONG_LOG_BEGAN_MS = Date.parse('2026-01-01T00:00:00Z');
/** Between two events. */
export const LONG_LOG_PACE_MS = 100;
/** One event of so many is by `eve`, who does nothing else. */
export const EVE_EVERY = 20_000;

const REPOSITORIES = 5;
const BRANCHES = ['main', 'dev', 'etl'] as BranchId[];
const CALLERS = [...Array<string>(14).fill('etl'), ...Array<string>(5).fill('ada'), 'ben'];

/**
 * Appends events shaped as the service's own: writers on branches of some repositories, deletions,
 * commits, resets and tags. Views that are made of them are not those of a real history.
 *
 * @returns how many it appended
 */
export async function appendLongLog(
  log: EventLog,
  { seed, eventCount }: { readonly seed: number; readonly eventCount: number },
): Promise<number> {
  const writer = new LongLog(new SeededRandom(seed));
  while (writer.eventCount < eventCount) {
    const batch = writer.next();
    await log.append(batch.appends, {
      atMs: LONG_LOG_BEGAN_MS,
      caller: 'nobody',
      requestId: '',
      commandId: 'none' as CommandId,
    });
  }
  return writer.eventCount;
}

class LongLog {
  eventCount = 0;
  #batches = 0;

  constructor(private readonly random: SeededRandom) {}

  /** About 500 events of one branch; the first batch of a repository creates it. */
  next(): { readonly appends: readonly StreamAppend[] } {
    const batch = this.#batches++;
    const uid = uidOf(batch % REPOSITORIES);
    const branch = BRANCHES[Math.floor(batch / REPOSITORIES) % BRANCHES.length] as BranchId;
    const appends: StreamAppend[] = [];
    if (batch < REPOSITORIES) appends.push(...this.#created(batch, uid));
    const token = stagingToken({ uid, branch, life: 0, ordinal: batch });
    const data: NewEvent[] = [this.#event({ type: 'TokenOpened' }, 'etl')];
    for (let count = 0; count < 490; count++) data.push(this.#write());
    appends.push({ stream: stagingStream(token), expected: 'none', events: data });
    appends.push({
      stream: branchStream(uid, branch),
      expected: 'any',
      events: this.#result(batch),
    });
    if (batch % 10 === 0) {
      const made = { type: 'TagCreated', commitId: commitOf(batch) } as const;
      const stream = tagStream(uid, `v${batch}` as TagId);
      appends.push({ stream, expected: 'none', events: [this.#event(made, 'ada')] });
    }
    return { appends };
  }

  #created(at: number, uid: RepositoryUid): StreamAppend[] {
    const name = `lake-${at}` as RepositoryId;
    const repository = {
      name,
      uid,
      namespace: `local://${name}` as StorageNamespace,
      defaultBranch: 'main' as BranchId,
      createdAtMs: LONG_LOG_BEGAN_MS,
      isReadOnly: false,
    };
    const first = firstCommit(LONG_LOG_BEGAN_MS);
    const created = { type: 'RepositoryCreated', repository, firstCommit: first } as const;
    const stream = repositoryStream(name);
    return [{ stream, expected: 'none', events: [this.#event(created, 'ada')] }];
  }

  #write(): NewEvent {
    const { random } = this;
    const isEve = this.eventCount % EVE_EVERY === EVE_EVERY - 1;
    if (isEve) return this.#event({ type: 'ObjectUnstaged', path: pathOf('users/eve') }, 'eve');
    const day = Math.floor(this.eventCount / 3_000);
    const folder = `tables/t-${random.below(20)}/day=${String(day).padStart(4, '0')}`;
    const path = pathOf(`${folder}/part-${random.below(100_000)}.parquet`);
    const isGone = random.below(16) === 0;
    const caller = random.pick(CALLERS);
    if (isGone) return this.#event({ type: 'ObjectUnstaged', path }, caller);
    return this.#event({ type: 'ObjectStaged', path, entry: entryAt(this.eventCount) }, caller);
  }

  /** Asked for by one, completed by another. */
  #result(batch: number): NewEvent[] {
    const isReset = batch % 25 === 24;
    const id = `intent-${batch}` as IntentId;
    const intent: IntentRequest = {
      id,
      wish: isReset
        ? { kind: 'reset', scope: { kind: 'prefix', prefix: 'tables/t-1/' } }
        : { kind: 'commit', allowsEmpty: false },
      message: `batch ${batch}`,
      metadata: [],
      committer: 'ada',
      dateMs: LONG_LOG_BEGAN_MS,
      ranges: DEFAULT_RANGE_PARAMETERS,
    };
    const request = { type: 'IntentRequested', intent, upto: 0, opens: 1, record } as const;
    const asked = this.#event(request, 'ada', { commandId: id, part: 'request' });
    const from = commitOf(batch - 1);
    const done = isReset
      ? ({
          type: 'StagingDiscarded',
          intentId: id,
          scope: { kind: 'prefix', prefix: 'tables/t-1/' },
          tokens: { lo: 0, hi: 0 },
          restated: [],
          record,
        } as const)
      : ({
          type: 'Committed',
          intentId: id,
          from,
          commit: { ...firstCommit(LONG_LOG_BEGAN_MS), id: commitOf(batch) },
          record,
        } as const);
    return [asked, this.#event(done, 'etl')];
  }

  #event(
    event: DomainEvent,
    caller: string,
    own: { readonly commandId?: string; readonly part?: string } = {},
  ): NewEvent {
    const number = this.eventCount++;
    const commandId = (own.commandId ?? `command-${number}`) as CommandId;
    const atMs = LONG_LOG_BEGAN_MS + number * LONG_LOG_PACE_MS;
    const recorded = { atMs, caller, requestId: `request-${number}`, commandId };
    return { ...newEvent(event, commandId, own.part ?? 0), recorded };
  }
}

const pathOf = (text: string): ObjectPath => text as ObjectPath;
const uidOf = (at: number): RepositoryUid => `${at}`.padStart(20, '0') as RepositoryUid;
const commitOf = (batch: number): CommitId =>
  Math.max(0, batch).toString(16).padStart(64, '0') as CommitId;

const record: BranchRecord = {
  life: 0,
  head: { commitId: commitOf(0), metaRangeId: '' as MetaRangeId, generation: 1 },
  tokens: { lo: 0, hi: 0 },
  areWritesBlocked: false,
  isHidden: false,
  pendingCount: 0,
};

const entryAt = (number: number): ObjectEntry => ({
  address: `data/g0000000000000000000/${number.toString(32).padStart(20, '0')}`,
  addressType: 'relative',
  checksum: number.toString(16).padStart(32, '0'),
  sizeBytes: 4_096 + number,
  modifiedAtMs: LONG_LOG_BEGAN_MS,
  contentType: 'application/octet-stream',
  metadata: [],
});
