import { setTimeout as delay } from 'node:timers/promises';
import { readBook } from './book.js';
import { type Cluster, inDatabase } from './cluster.js';
import { Answers } from './judge-answers.js';
import { wrongFiles } from './judge-files.js';
import { openWork, wrongInLog } from './judge-log.js';
import { wrongViews } from './judge-views.js';
import type { Node } from './node.js';

const QUIET_MS_MAX = 60_000;
const PAUSE_MS = 50;

/** Resolves when nothing is left to be done by anybody; with what is when that does not come. */
export async function untilQuiet(cluster: Cluster): Promise<readonly string[]> {
  return inDatabase(cluster.connection(), async (client) => {
    for (const untilMs = performance.now() + QUIET_MS_MAX; ;) {
      const open = await openWork(client);
      if (open.length === 0 || performance.now() > untilMs) return open;
      await delay(PAUSE_MS);
    }
  });
}

/**
 * Says everything that is wrong when all is done: what clients were told against what a node
 * shows, and what the log, the views and the files must be, whatever anybody was told.
 */
export async function judge(
  cluster: Cluster,
  of: { readonly node: Node; readonly repository: string; readonly book: string },
): Promise<readonly string[]> {
  const waiting = (await untilQuiet(cluster)).map((what) => `never done: ${what}`);
  const answers = await new Answers(of.node, of.repository, readBook(of.book)).wrong();
  const inside = await inDatabase(cluster.connection(), async (client) => [
    ...(await wrongInLog(client)),
    ...(await wrongViews(client)),
  ]);
  return [...waiting, ...answers, ...inside, ...wrongFiles(cluster.objects)];
}
