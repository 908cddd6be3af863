import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster, Member } from '../nodes/cluster.js';
import { SeededRandom } from '../support/seeded-random.js';
import { BRANCHES, Clients, type Load } from './clients.js';
import { HttpTarget } from './http-target.js';
import { judge, type Judgement } from './judge.js';
import { READ_LOG, type LoggedEvent } from './log-event.js';

/** What goes wrong once in a history. */
export const FAULTS = ['none', 'kill', 'pause', 'cut', 'terminate'] as const;
export type Fault = (typeof FAULTS)[number];

type Query = <Row extends object>(
  sql: string,
  values?: readonly unknown[],
) => Promise<readonly Row[]>;

export interface Judged extends Judgement {
  readonly fault: Fault;
  readonly operations: number;
}

/**
 * Runs clients against the nodes of a cluster while one thing goes wrong, and judges what they saw
 * by the order that the database has.
 *
 * @param load.imports  a folder that the nodes may import from
 */
export async function runOverProcesses(
  cluster: Cluster,
  query: Query,
  { fault, imports, ...load }: Load & { readonly fault: Fault; readonly imports: string },
): Promise<Judged> {
  const random = new SeededRandom(load.seed);
  const repository = `h-${load.seed}-${fault}`;
  const first = cluster.member(0).calls;
  await makeRepository(cluster, repository);
  const [made] = await query<{ uid: string }>(UID, [`repository-${repository}`]);
  const uid = made?.uid ?? '';
  const targets = cluster.members.map(({ calls }) => new HttpTarget(calls, repository, imports));
  const clients = new Clients(targets, load);
  const at = Math.floor(load.operationCount * (0.2 + random.below(50) / 100));
  const member = cluster.member(random.below(cluster.members.length));
  const harm = clients.reaching(at).then(() => strike(fault, member, { query, random }));
  await Promise.all([clients.run(), harm]);
  await settled(query, uid);
  await clients.lookAround(0);
  const pattern = `^(branch|staging)-${uid}`;
  const rows = await query<LoggedEvent & { position: string }>(READ_LOG, [pattern]);
  const log = rows.map((row): LoggedEvent => ({ ...row, position: Number(row.position) }));
  await first.must({ method: 'DELETE', path: `/repositories/${repository}` });
  return { ...judge(clients.history, log), fault, operations: clients.history.length };
}

async function strike(
  fault: Fault,
  { node, proxy }: Member,
  { query, random }: { query: Query; random: SeededRandom },
): Promise<void> {
  switch (fault) {
    case 'none':
      return;
    case 'kill':
      await node.stop('SIGKILL');
      return node.start();
    case 'pause':
      node.pause();
      await delay(PAUSE_MS_MIN + random.below(PAUSE_MS_MAX - PAUSE_MS_MIN));
      return node.resume();
    case 'cut':
      proxy.dropClients();
      return;
    case 'terminate':
      await query(TERMINATE);
  }
}

async function makeRepository(cluster: Cluster, name: string): Promise<void> {
  const { calls } = cluster.member(0);
  const json = { name, storage_namespace: `local://${name}`, default_branch: BRANCHES[0] };
  await calls.must({ method: 'POST', path: '/repositories', json });
  for (const branch of BRANCHES.slice(1)) {
    const path = `/repositories/${name}/branches`;
    await calls.must({ method: 'POST', path, json: { name: branch, source: BRANCHES[0] } });
  }
}

/** Waits until what was accepted is done, whoever does it. */
async function settled(query: Query, uid: string): Promise<void> {
  const untilMs = performance.now() + SETTLED_MS_MAX;
  while (performance.now() < untilMs) {
    const [row] = await query<{ count: string }>(PENDING, [`%${uid}%`]);
    if (Number(row?.count ?? 0) === 0) return;
    await delay(POLL_MS);
  }
}

const UID = `SELECT e.data->'repository'->>'uid' AS uid
  FROM event e JOIN stream s ON s.id = e.stream
  WHERE s.name = $1 ORDER BY e.revision LIMIT 1`;
const PENDING = `SELECT count(*) FROM kv_row JOIN kv_slot USING (slot)
  WHERE state = 'active' AND partition IN ('branches/@pending', 'imports/@running')
    AND encode(key, 'escape') LIKE $1`;
const TERMINATE = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND application_name LIKE 'moraine %'
    AND pid <> pg_backend_pid()`;
const POLL_MS = 10;
const PAUSE_MS_MIN = 1_000;
const PAUSE_MS_MAX = 3_000;
/** Longer than the nodes take to find what was left half done. */
const SETTLED_MS_MAX = 20_000;
