import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { becomes, isNameless, isTaken, processesWith, signal } from './processes.js';
import { StartError } from './start-error.js';

/** A fast shutdown writes a checkpoint, which may take a while; an immediate one only recovery. */
const FAST_MS_MAX = 3_000;
const IMMEDIATE_MS_MAX = 6_000;
const KILLED_MS_MAX = 2_000;

/**
 * Returns the name by which the processes of a cluster are known: it stands in the postmaster's
 * command line and in the title of each of its children.
 */
export function clusterName(cluster: string): string {
  return `moraine-${createHash('sha256').update(cluster).digest('hex').slice(0, 16)}`;
}

/**
 * Ends the Postgres that a killed server has left running, and takes away what would keep a new
 * one from starting. The caller holds the data folder's lock.
 *
 * @returns how many processes had to be ended
 * @throws StartError postgres_failed  a process does not end
 */
export async function endLeftOver(cluster: string): Promise<number> {
  const name = clusterName(cluster);
  const found = processesWith(name);
  const postmaster = Number(pidFile(cluster)[0]);
  if (found.length > 0) await endAll(name, found.includes(postmaster) ? postmaster : undefined);
  // One that is just ending has no name any more, and may still hold what the next one needs.
  await becomes(() => !isNameless(postmaster), KILLED_MS_MAX);
  // None of the cluster's processes lives. If the number in the file is taken, then by somebody
  // else, as after a restart of the machine, or by one that ended and that nobody has reaped. To
  // Postgres either would be a Postgres that runs.
  if (isTaken(postmaster)) rmSync(join(cluster, 'postmaster.pid'), { force: true });
  return found.length;
}

async function endAll(name: string, postmaster: number | undefined): Promise<void> {
  const isGone = (): boolean => processesWith(name).length === 0;
  if (postmaster !== undefined) {
    signal(postmaster, 'SIGINT');
    if (await becomes(isGone, FAST_MS_MAX)) return;
    signal(postmaster, 'SIGQUIT');
    if (await becomes(isGone, IMMEDIATE_MS_MAX)) return;
  }
  // Children of a postmaster that was killed end by themselves as soon as they notice.
  if (await becomes(isGone, KILLED_MS_MAX)) return;
  for (const pid of processesWith(name)) signal(pid, 'SIGKILL');
  if (await becomes(isGone, KILLED_MS_MAX)) return;
  throw new StartError(
    'postgres_failed',
    `the Postgres of an earlier run does not end: processes ${processesWith(name).join(', ')}`,
  );
}

/** Returns the lines of `postmaster.pid`; none when there is no such file. */
export function pidFile(cluster: string): string[] {
  try {
    return readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return [];
  }
}
