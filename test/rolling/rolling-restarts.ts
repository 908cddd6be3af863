import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Clients, lostOf, makeRepository } from './clients.js';
import { Node } from './node.js';

const REPOSITORY = 'lake';
/** Longer than whoever routes takes to see that a node is not ready. */
const DRAIN_MS = 300;
const CLIENTS = 6;

export interface RollingReport {
  readonly restarts: number;
  readonly uploads: number;
  readonly commits: number;
  /** Answers that nobody should have got; broken connections; nodes that did not end well. */
  readonly faults: readonly string[];
  /** What was acknowledged and is not there. */
  readonly lost: readonly string[];
}

/**
 * Restarts two nodes on one database and one folder of objects, one after the other, while clients
 * write and commit by whichever is ready.
 *
 * @param isOver  asked before each restart, with the number of those done
 */
export async function rollingRestarts(
  databaseUrl: string,
  isOver: (restarts: number) => boolean,
): Promise<RollingReport> {
  const folder = await mkdtemp(join(tmpdir(), 'moraine-rolling-'));
  const environment = {
    MORAINE_DATABASE_URL: databaseUrl,
    MORAINE_DATA: folder,
    MORAINE_DRAIN_MS: String(DRAIN_MS),
    MORAINE_SECRET_KEY: 'one secret key for all nodes',
  };
  const nodes = [await Node.at(environment), await Node.at(environment)] as const;
  try {
    for (const node of nodes) await node.start();
    await makeRepository(nodes[0], REPOSITORY);
    return await restartInTurn(nodes, isOver);
  } finally {
    await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function restartInTurn(
  nodes: readonly [Node, Node],
  isOver: (restarts: number) => boolean,
): Promise<RollingReport> {
  const clients = new Clients(nodes, REPOSITORY);
  await clients.start(CLIENTS);
  const { told } = clients;
  let restarts = 0;
  for (; !isOver(restarts); restarts++) {
    const node = nodes[restarts % 2] ?? nodes[0];
    const code = await node.stop();
    if (code !== 0) told.faults.push(`it ended with ${String(code)}: ${node.said}`);
    await node.start();
    // Whoever routes may hear of it a moment later, and is not to be left with nobody.
    await clients.seeReady(node);
  }
  await clients.stop();
  const lost = await lostOf(nodes[restarts % 2] ?? nodes[0], REPOSITORY, told);
  const counts = { uploads: told.uploads.size, commits: told.commits.size };
  return { restarts, ...counts, faults: told.faults, lost };
}
