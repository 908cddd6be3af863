import { withRecords } from '../../../src/commands/branch/branches.js';
import { branchDecider } from '../../../src/domain/branch/branch.decider.js';
import type { BranchRecord } from '../../../src/domain/branch/branch.events.js';
import { branchStream } from '../../../src/domain/branch/branch.stream.js';
import { commitStream } from '../../../src/domain/commit/commit.stream.js';
import { eventIdOf } from '../../../src/domain/event-id.js';
import { encodeEvent, type DomainEvent } from '../../../src/domain/event-types.js';
import type {
  CommandId,
  CommitRecord,
  ObjectEntry,
  ObjectPath,
} from '../../../src/domain/model.js';
import { repositoryStream } from '../../../src/domain/repository/repository.stream.js';
import { stagingToken } from '../../../src/domain/staging/staging.stream.js';
import { MemoryEventLog } from '../../../src/event-log/memory-event-log.js';
import { MemoryKvStore } from '../../../src/kv-adapter/memory-kv-store.js';
import type { Clock } from '../../../src/ports/clock.js';
import type {
  EventLog,
  NewEvent,
  RecordedEvent,
  StreamAppend,
} from '../../../src/ports/event-log.js';
import type { KvStore } from '../../../src/ports/kv-store.js';
import type { Ids } from '../../../src/ports/ids.js';
import { READ_EVENTS_MAX } from '../../../src/ports/event-log.js';
import { SCAN_ROWS_MAX } from '../../../src/ports/kv-store.js';
import { inlineProjection } from '../../../src/projections/all-projections.js';
import { BranchesView } from '../../../src/projections/branches.view.js';
import { decodeValue } from '../../../src/projections/kv-codec.js';
import { partitions } from '../../../src/projections/kv-keys.js';
import { byteText, fromUtf8 } from '../../../src/shared/bytes.js';
import { MemorySingleStreams } from '../../support/memory-single-streams.js';
import { MemoryCommittedStore } from '../../support/memory-committed-store.js';
import { head, work } from '../../support/samples/branch.samples.js';
import { lake, NOW_MS, root, uid } from '../../support/samples/repository.samples.js';
import { Reference } from './reference.js';
import { isSameContent, show, type Content } from './content.js';
import { sources, sourceTrees } from './sources.js';
import { must } from './violation.js';

/** What all nodes share, and the reference that reads along. */
export class World {
  /** @param onEvents  hears of what has landed, in its order */
  constructor(private readonly onEvents: (events: readonly RecordedEvent[]) => void = nobody) {}

  readonly kv = new MemoryKvStore();
  readonly log = new MemoryEventLog({ kv: this.kv, project: inlineProjection() });
  /** The same log with nothing but appends to one stream. */
  readonly streams = new MemorySingleStreams(this.log);
  readonly committed = new MemoryCommittedStore(new Map(sourceTrees));
  readonly clock = new TestClock();
  readonly ids = new TestIds();
  readonly reference = new Reference(
    { uid, branch: work },
    {
      commitOf: (id) => this.#commitOf(id),
      contentOf: ({ metaRangeId }) => contentOfTree(this.committed.tree(metaRangeId)),
    },
  );
  readonly #commits = new Map([[root.id as string, root]]);

  /** A repository with its default branch, and a branch that was never written to. */
  async found(): Promise<void> {
    const { initial } = branchDecider;
    const create = { type: 'CreateBranch', life: 0, head, isHidden: false } as const;
    const [created] = withRecords(initial, branchDecider.decide(create, initial));
    const repository = { type: 'RepositoryCreated', repository: lake, firstCommit: root } as const;
    const appends = [
      first(repositoryStream(lake.name), repository),
      first(branchStream(uid, lake.defaultBranch), created),
      first(branchStream(uid, work), created),
      ...sources.map((commit) =>
        first(commitStream(uid, commit.id), { type: 'CommitRecorded', commit }),
      ),
    ];
    const context = { atMs: NOW_MS, caller: 'ann', requestId: 'found' };
    await this.log.append(appends, { ...context, commandId: 'found' as CommandId });
    await this.catchUp();
  }

  /** Shows the reference what has landed, and compares what readers see with what they must. */
  async catchUp(): Promise<void> {
    let hasMore = true;
    let isNew = false;
    while (hasMore) {
      const after = this.reference.position;
      const read = await this.log.readAll({ after, limit: READ_EVENTS_MAX });
      // Someone else may have caught up meanwhile.
      const events = read.filter(({ position }) => position > this.reference.position);
      for (const { data } of events) {
        const commit = data['commit'] as CommitRecord | undefined;
        if (commit) this.#commits.set(commit.id, commit);
      }
      this.reference.take(events);
      this.onEvents(events);
      isNew ||= events.length > 0;
      hasMore = read.length === READ_EVENTS_MAX;
    }
    if (!isNew) return;
    // Of a repository that nobody finds the rows go bit by bit.
    const { branch, hiddenAt } = this.reference;
    if (hiddenAt !== undefined) return;
    const seen = await this.seen(this.kv);
    must((seen === null) === (branch === undefined), 'the view has another branch');
    if (seen && branch) assertSameContent(seen, branch.content());
  }

  /** Views that are behind show what the log said at the place that they have come to. */
  async assertShows(kv: KvStore, position: number): Promise<void> {
    const { hiddenAt } = this.reference;
    if (hiddenAt !== undefined && hiddenAt <= position) return;
    const [seen, wanted] = [await this.seen(kv), this.reference.shownBefore(position + 1)];
    must((seen === null) === (wanted === null), `a view at ${position} has another branch`);
    if (seen && wanted) assertSameContent(seen, wanted);
  }

  /** Returns what a reader finds who reads everything at this moment. */
  async seen(kv: KvStore = this.kv): Promise<Content | null> {
    const record: BranchRecord | undefined = await new BranchesView(kv).get(uid, work);
    if (!record) return null;
    const content = new Map(contentOfTree(this.committed.tree(record.head.metaRangeId)));
    const { life, tokens } = record;
    const { folded = [], hidden = [] } = tokens;
    for (let ordinal = tokens.lo; ordinal <= tokens.hi; ordinal++) {
      const isFolded = folded.some(([from, to]) => from <= ordinal && ordinal <= to);
      if (isFolded || hidden.includes(ordinal)) continue;
      const token = stagingToken({ uid, branch: work, life, ordinal });
      // An entry goes before a tombstone of the same token.
      const words = [partitions.tombstones(token), partitions.staging(token)];
      const rows = await kv.read(
        words.map((partition) => ({ kind: 'scan', partition, limit: SCAN_ROWS_MAX })),
      );
      for (const row of rows.flat()) {
        const entry = decodeValue<ObjectEntry | null>(row);
        const path = fromUtf8(row.key) as ObjectPath;
        if (entry) content.set(path, entry.checksum);
        else content.delete(path);
      }
    }
    return content;
  }

  #commitOf(id: string) {
    const commit = this.#commits.get(id);
    must(commit, `no commit is called ${id}`);
    return commit;
  }
}

/** Views anew from the log are the live ones, row for row. */
export async function assertRebuilt(log: EventLog, kv: MemoryKvStore): Promise<void> {
  const project = inlineProjection();
  const anew = new MemoryKvStore();
  let after = 0;
  for (;;) {
    const events = await log.readAll({ after, limit: READ_EVENTS_MAX });
    for (const event of events) anew.apply(project(event));
    after = events.at(-1)?.position ?? after;
    if (events.length < READ_EVENTS_MAX) break;
  }
  const [live, rebuilt] = [dump(kv), dump(anew)];
  must(live === rebuilt, `the views are\n${live}\nand would be\n${rebuilt}`);
}

/** Returns all rows of all views, so that two stores can be compared. */
export function dump(kv: MemoryKvStore): string {
  const lines: string[] = [];
  for (const slot of kv.views.values()) {
    for (const [partition, rows] of kv.rowsOf(slot)) {
      for (const { key, value, schema } of rows) {
        lines.push(`${partition} ${byteText(key)} ${schema} ${Buffer.from(value).toString()}`);
      }
    }
  }
  return lines.sort().join('\n');
}

function assertSameContent(seen: Content, wanted: Content): void {
  must(isSameContent(seen, wanted), `readers see ${show(seen)}, and it is ${show(wanted)}`);
}

const contentOfTree = (tree: ReadonlyMap<ObjectPath, ObjectEntry>): Content =>
  new Map([...tree].map(([path, { checksum }]) => [path, checksum]));

function first(stream: string, event: DomainEvent | undefined): StreamAppend {
  must(event, 'a decider says what happens');
  const recorded = { id: eventIdOf('found', 0), ...encodeEvent(event) } as NewEvent;
  return { stream, expected: 'none', events: [recorded] };
}

/** Stands still until it is told the time. */
export class TestClock implements Clock {
  #nowMs = NOW_MS;

  nowMs(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }

  /** Short sleeps are over soon; long ones when a test has let the time go on. */
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const untilMs = ms > SHORT_MS ? this.#nowMs + ms : 0;
    const isOver = () => this.#nowMs >= untilMs || signal?.aborted === true;
    do await new Promise((resolve) => void setImmediate(resolve));
    while (!isOver());
  }
}

const SHORT_MS = 1_000;

const nobody = () => undefined;

/** Counts, so that a node's ids follow from what it did. */
export class TestIds implements Ids {
  #count = 0;

  constructor(private readonly node: string = '') {}

  commandId(): CommandId {
    return `sweep-${this.node}${this.#count++}` as CommandId;
  }

  repositoryUid(): never {
    throw new Error('nobody makes a repository here');
  }

  dataKey(): never {
    throw new Error('nobody uploads here');
  }

  keyPair(): never {
    throw new Error('nobody sets up here');
  }
}
