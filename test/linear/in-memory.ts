import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import { CreateBranch } from '../../src/commands/branch/create-branch.js';
import { CreateRepository } from '../../src/commands/repository/create-repository.js';
import type { Adapters } from '../../src/app/adapters.module.js';
import type { BranchId, RepositoryId, StorageNamespace } from '../../src/domain/model.js';
import { inMemory, type TestMoraine } from '../support/moraine.js';
import { BusTarget } from './bus-target.js';
import { BRANCHES, Clients, type Load } from './clients.js';
import { FaultyNode, type Fault } from './faulty-node.js';
import { judge, type Judgement } from './judge.js';
import { readLog } from './log-event.js';
import type { Operation, Target } from './operations.js';
import { Chance } from './planted/all.js';
import { over, type Defect } from './planted/defect.js';
import { SeededRandom } from '../support/seeded-random.js';

const REPOSITORY = 'lake';
/** Some imports take longer: two nodes are at work on those. */
const SILENT_MS = 15;
const KEPT_MS = 24 * 60 * 60 * 1000;

/** What a defect does to the ports of one node. */
export type Wrap = (adapters: Adapters, node: number) => Adapters;

/** Two nodes on one log and one view in memory, each with caches of its own. */
export async function twoInMemory(wrap: Wrap): Promise<readonly [TestMoraine, TestMoraine]> {
  let shared: Adapters | undefined;
  const node = (number: number) => inMemory((own) => wrap((shared ??= own), number));
  const first = await node(0);
  return [first, await node(1)];
}

/**
 * Runs clients against two nodes in memory and judges what they saw.
 *
 * @param defect  planted into both; the judge knows nothing of it
 */
export async function runInMemory(load: Load, defect?: Defect): Promise<RunInMemory> {
  const chance = new Chance(load.seed);
  const nodes = await twoInMemory((adapters, number) => {
    const near = yielding(adapters, load.seed + number);
    return defect?.plant?.(near, chance.hand(number)) ?? near;
  });
  try {
    await prepare(nodes[0], REPOSITORY);
    const targets = nodes.map((node, number): Target => {
      const target = new BusTarget(REPOSITORY, () => node);
      const hand = chance.hand(number);
      const send = async (operation: Operation) => {
        const { answer, ...of } = await target.send(operation);
        return { answer: defect?.answer?.(operation, answer, hand) ?? answer, ...of };
      };
      return { send };
    });
    const clients = new Clients(targets, load);
    await takingOver(nodes[1], () => clients.run());
    await settle(nodes);
    await clients.lookAround(0);
    const judgement = judge(clients.history, await readLog(nodes[0].adapters.log));
    return { ...judgement, strikeCount: chance.strikeCount };
  } finally {
    for (const node of nodes) await node.close();
  }
}

/** Runs clients against two nodes in memory, to one of which something happens. */
export async function runWithFault(load: Load, fault: Fault): Promise<RunWithFault> {
  const random = new SeededRandom(load.seed);
  let shared: Adapters | undefined;
  const holder = await inMemory((own) => (shared = own));
  if (!shared) throw new Error('a node has stores');
  const near = yielding(shared, load.seed);
  const nodes = [await FaultyNode.over(near), await FaultyNode.over(near)] as const;
  try {
    await prepare(holder, REPOSITORY);
    const targets = nodes.map(
      (each) =>
        new BusTarget(
          REPOSITORY,
          () => each.node,
          () => each.gate,
        ),
    );
    const clients = new Clients(targets, load);
    const at = Math.floor(load.operationCount * (0.2 + random.below(60) / 100));
    const striking = clients.reaching(at).then(() => random.pick(nodes).strike(fault));
    await takingOver(holder, () => Promise.all([clients.run(), striking]));
    await settle([holder]);
    await clients.lookAround(0);
    const log = await readLog(shared.log);
    const takenOver = log.filter(({ type }) => type === 'ImportResumed').length;
    return { ...judge(clients.history, log), takenOver };
  } finally {
    for (const { node } of nodes) await node.close();
    await holder.close();
  }
}

export interface RunWithFault extends Judgement {
  /** How often another node has taken an import. */
  readonly takenOver: number;
}

export interface RunInMemory extends Judgement {
  readonly strikeCount: number;
}

/** Stores in memory answer at once; these let others go before, as over a network. */
export function yielding(adapters: Adapters, seed: number): Adapters {
  const random = new SeededRandom(seed);
  const pause = async (): Promise<void> => {
    for (let turns = random.below(4); turns > 0; turns--) await turn();
  };
  const { log, kv } = adapters;
  return {
    ...adapters,
    log: over(log, {
      append: async (appends, context) => {
        await pause();
        const results = await log.append(appends, context);
        await pause();
        return results;
      },
    }),
    kv: over(kv, {
      read: async (reads) => {
        await pause();
        const rows = await kv.read(reads);
        await pause();
        return rows;
      },
    }),
  };
}

/** Makes the repository and its branches. */
export async function prepare(node: TestMoraine, name: string): Promise<void> {
  const repository = name as RepositoryId;
  const [main, ...others] = BRANCHES;
  const wish = {
    name: repository,
    namespace: `local://${name}` as StorageNamespace,
    defaultBranch: main as string as BranchId,
    isReadOnly: false,
    isBare: false,
  };
  await node.execute(new CreateRepository(wish, node.newRequest()));
  for (const branch of others) {
    const from = {
      branch: branch as string as BranchId,
      sourceRef: main,
      isHidden: false,
      isForced: false,
    };
    await node.execute(new CreateBranch(repository, from, node.newRequest()));
  }
}

/**
 * Takes imports over that have not ended in a short while, whether their nodes are at work on them
 * or have died, as long as others work and until the last of them has ended.
 */
async function takingOver(node: TestMoraine, work: () => Promise<unknown>): Promise<void> {
  const importer = node.importer({ jobsMax: 8, silentMs: SILENT_MS, keptMs: KEPT_MS });
  let isOver = false;
  const look = async () => {
    for (;;) {
      // A node that makes mistakes may stumble over them.
      await importer.look().catch(() => undefined);
      await importer.idle();
      if (isOver) return;
      await delay(SILENT_MS);
    }
  };
  const looking = look();
  await work().finally(() => (isOver = true));
  await looking;
  // Those that were begun last, too.
  await delay(2 * SILENT_MS);
  await look();
}

/** Lets nodes finish what was accepted. */
async function settle(nodes: readonly TestMoraine[]): Promise<void> {
  // What it cannot finish is the judge's to see.
  for (const node of nodes) await node.sweep().catch(() => undefined);
}
