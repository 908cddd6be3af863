import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BranchId, ObjectPath, RepositoryId } from '../../src/domain/model.js';
import { AUDIT_OPERATIONS, type AuditOperation } from '../../src/projections/audit/audit-record.js';
import { AuditIndex } from '../../src/projections/audit/audit-index.js';
import { inlineProjection } from '../../src/projections/all-projections.js';
import {
  auditPage,
  type AuditQuestion,
  type NamedAuditRecord,
} from '../../src/queries/audit/audit-answers.js';
import { TreeMoves } from '../../src/queries/audit/tree-moves.js';
import { CommitsView } from '../../src/projections/commits.view.js';
import { inMemory, type TestMoraine } from '../support/moraine.js';
import { seed } from '../support/seed.js';
import { SeededRandom } from '../support/seeded-random.js';
import { openTestLog } from '../support/test-store.js';
import { AuditedHistory, CALLERS, type Done, PATHS, SteppedClock } from './audited-history.js';

/** Leaves and groups are this small, so that a history of some hundred events has many. */
const SIZES = { leafEvents: 7, groupLeaves: 5 };
const STEPS = 260;
const QUESTIONS = 150;

const random = new SeededRandom(seed);
const clock = new SteppedClock();
let store: Awaited<ReturnType<typeof openTestLog>>;
let moraine: TestMoraine;
let history: AuditedHistory;
let nodes: AuditIndex[];
let moves: TreeMoves;

beforeAll(async () => {
  store = await openTestLog(inlineProjection());
  const { log, kv } = store;
  moraine = await inMemory((adapters) => ({ ...adapters, log, kv, clock }));
  history = new AuditedHistory(moraine, clock, random);
  const { committed } = moraine.adapters;
  moves = new TreeMoves(kv, new CommitsView(kv, { cachedCommits: 100 }), committed);
  const newNode = () => new AuditIndex(log, kv, clock, SIZES);
  nodes = [newNode(), newNode()];
  for (let round = 0; round < 10; round++) {
    await history.run(STEPS / 10);
    // Whichever node comes by builds some; in between one comes up anew and knows nothing.
    await random.pick(nodes).buildSome();
    if (round % 3 === 0) nodes[1] = newNode();
  }
}, 120_000);
afterAll(async () => {
  await moraine.close();
  await store.close();
});

/** What is asked for in the judge's own words. */
interface Asked {
  readonly callers: readonly string[];
  readonly operations: readonly string[];
  readonly repository?: string;
  readonly branch?: string;
  readonly path?: string;
  readonly prefix?: string;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** What moved a branch is compared, tree with tree. */
  readonly moves?: boolean;
}

/** Of a repository that is gone nobody can say what changed. */
const changedAny = (asked: Asked, { move }: Done, isMeantPath: (path: string) => boolean) =>
  asked.moves === true &&
  move !== undefined &&
  !history.goneLives.has(move.life) &&
  move.changed.some(isMeantPath);

/** The judge: nothing of the index, nothing of records. */
const isMeant =
  (asked: Asked) =>
  (done: Done): boolean => {
    const { path, prefix } = asked;
    const { prefix: reach } = done;
    return (
      (asked.callers.length === 0 || asked.callers.includes(done.caller)) &&
      (asked.operations.length === 0 || asked.operations.includes(done.operation)) &&
      (asked.repository === undefined || asked.repository === done.repository) &&
      (asked.branch === undefined || asked.branch === done.branch) &&
      (asked.sinceMs === undefined || done.atMs >= asked.sinceMs) &&
      (asked.untilMs === undefined || done.atMs < asked.untilMs) &&
      (path === undefined ||
        done.path === path ||
        changedAny(asked, done, (each) => each === path) ||
        (reach !== undefined && path.startsWith(reach))) &&
      (prefix === undefined ||
        changedAny(asked, done, (each) => each.startsWith(prefix)) ||
        done.path?.startsWith(prefix) === true ||
        (reach !== undefined && (reach.startsWith(prefix) || prefix.startsWith(reach))))
    );
  };

function questionOf(asked: Asked, order: AuditQuestion['order']): AuditQuestion {
  return {
    filter: {
      callers: asked.callers,
      operations: asked.operations as AuditOperation[],
      types: [],
      sinceMs: asked.sinceMs,
      untilMs: asked.untilMs,
      branch: asked.branch as BranchId | undefined,
      path: asked.path as ObjectPath | undefined,
      prefix: asked.prefix,
      showsSteps: false,
      showsMoves: asked.moves === true,
    },
    repository: asked.repository as RepositoryId | undefined,
    order,
  };
}

function randomQuestion(): Asked {
  const maybe = <Value>(value: () => Value, one = 3): Value | undefined =>
    random.below(one) === 0 ? value() : undefined;
  const times = history.done.map(({ atMs }) => atMs);
  const [sinceMs, untilMs] = [random.pick(times), random.pick(times) + 1].sort((a, b) => a - b);
  const asked = {
    callers: maybe(() => [random.pick([...CALLERS, 'nobody'])]) ?? [],
    operations: maybe(() => [random.pick(AUDIT_OPERATIONS), random.pick(AUDIT_OPERATIONS)]) ?? [],
    repository: maybe(() => random.pick(['lake', 'pond', 'lake2', 'lak'])),
    branch: maybe(() => random.pick(['main', 'side', 'dev'])),
    path: maybe(() => random.pick([...PATHS, 'a/b', 'a/b/'])),
    prefix: maybe(() => random.pick(['a', 'a/', 'a/b', 'a/b/', 'a/b/c', 'x/', 'ä/', '', 'q/']), 4),
    sinceMs: maybe(() => sinceMs),
    untilMs: maybe(() => untilMs),
    moves: maybe(() => true, 2),
  };
  return Object.fromEntries(
    Object.entries(asked).filter(([, value]) => value !== undefined),
  ) as Partial<Asked> as Asked;
}

const sources = () => ({ index: random.pick(nodes), moves });

/** Asks page after page, now this node and now that one. */
async function answers(
  question: AuditQuestion,
  between: () => Promise<void> = async () => undefined,
): Promise<NamedAuditRecord[]> {
  const found: NamedAuditRecord[] = [];
  for (let after: number | undefined; ;) {
    const page = { after, amount: 1 + random.below(40) };
    const { items, hasMore, nextOffset } = await auditPage(sources(), question, page);
    found.push(...items);
    if (!hasMore) return found;
    after = Number(nextOffset);
    await between();
  }
}

const told = (record: NamedAuditRecord): Done => ({
  caller: record.caller,
  requestId: record.requestId,
  atMs: record.atMs,
  operation: record.operation,
  hasFailed: record.failure !== undefined,
  repository: record.repositoryName ?? '',
  ...(record.branch !== undefined && { branch: record.branch }),
  ...(record.tag !== undefined && { tag: record.tag }),
  ...(record.paths && { path: record.paths[0] ?? '' }),
  ...(record.prefixes && { prefix: record.prefixes[0] ?? '' }),
});

/** Of one moment the order is the log's own. */
const sorted = (done: readonly Done[]): string[] =>
  done.map(({ move: _move, ...each }) => JSON.stringify(each, Object.keys(each).sort())).sort();

describe(`the audit of a random history (SEED=${seed})`, () => {
  it('tells of everything that was done, and of nothing else', async () => {
    for (const order of ['newest', 'oldest'] as const) {
      const found = await answers(questionOf({ callers: [], operations: [] }, order));
      expect(sorted(found.map(told))).toEqual(sorted(history.done));
      const positions = found.map(({ position }) => position);
      const ascending = positions.toSorted((a, b) => a - b);
      expect(positions).toEqual(order === 'oldest' ? ascending : ascending.toReversed());
    }
  });

  it('finds by caller, time, operation, repository, branch, path and prefix', async () => {
    let foundCount = 0;
    for (let count = 0; count < QUESTIONS; count++) {
      const asked = randomQuestion();
      const question = questionOf(asked, random.pick(['newest', 'oldest']));
      const found = (await answers(question)).map(told);
      const meant = history.done.filter(isMeant(asked));
      expect({ asked, found: sorted(found) }).toEqual({ asked, found: sorted(meant) });
      foundCount += found.length;
    }
    expect(foundCount).toBeGreaterThan(QUESTIONS);
  });

  it('finds each operation by its request and by its commit', async () => {
    for (const { requestId } of history.done.filter(() => random.below(8) === 0)) {
      const { filter, order } = questionOf({ callers: [], operations: [] }, 'newest');
      const found = await answers({ filter: { ...filter, requestId }, order });
      const meant = history.done.filter((each) => each.requestId === requestId);
      expect(sorted(found.map(told))).toEqual(sorted(meant));
      const commitId = found[0]?.commitId;
      if (commitId === undefined) continue;
      const byCommit = await answers({ filter: { ...filter, commitId }, order });
      expect(byCommit.map(({ position }) => position)).toContain(found[0]?.position);
    }
  });

  it.each(['newest', 'oldest'] as const)(
    'has no gap and no double in pages, %s first, while it is written to',
    async (order) => {
      const asked = { callers: [], operations: ['write object', 'commit'] };
      const question = questionOf(asked, order);
      const before = history.done.filter(isMeant(asked));
      let writes = 0;
      const write = async () => {
        if (writes++ < 30) await history.write();
      };
      const found = await answers(question, write);
      const meant = order === 'newest' ? before : history.done.filter(isMeant(asked));
      expect(new Set(found.map(({ position }) => position)).size).toBe(found.length);
      expect(sorted(found.map(told))).toEqual(sorted(meant));
    },
  );

  it('shows a write to whoever asks after it was acknowledged, on every node', async () => {
    for (let count = 0; count < 20; count++) {
      clock.step(random);
      await history.write();
      const last = history.done.at(-1);
      const question = questionOf({ callers: [last?.caller ?? ''], operations: [] }, 'newest');
      const page = { after: undefined, amount: 1 };
      const { items } = await auditPage(sources(), question, page);
      expect(items.map(told)).toEqual([last]);
    }
  });
});
