import { UNSTAGE_PATHS_MAX } from '../../src/commands/object/unstage-objects.js';
import { newEvent } from '../../src/commands/new-events.js';
import { BlockCommittedStore } from '../../src/committed/block-committed-store.js';
import type { ObjectPath } from '../../src/domain/model.js';
import { stagingStream, tokensBetween } from '../../src/domain/staging/staging.stream.js';
import { MemoryKvStore } from '../../src/kv-adapter/memory-kv-store.js';
import type { KvRead, KvRow } from '../../src/ports/kv-store.js';
import { BranchesView } from '../../src/projections/branches.view.js';
import { RepositoriesView } from '../../src/projections/repositories.view.js';
import { entry } from '../support/samples/staging.samples.js';
import { lake, main, type Lake } from './lake.js';

const AT_ONCE = 1_000;
const CLIENTS = 8;

/** Stages objects in the open token of `main`, many an append, in the order of their paths. */
export async function stageAll(at: Lake, paths: readonly string[]): Promise<void> {
  // The first one names a token, if there is none.
  for (const path of paths.slice(0, 1)) await at.put('main', path, path);
  const { log, kv, clock } = at.moraine.adapters;
  const { uid } = await new RepositoriesView(kv).get(lake);
  const record = await new BranchesView(kv).get(uid, main);
  const [token] = record ? tokensBetween({ uid, branch: main, ...record }, record.tokens) : [];
  if (token === undefined) throw new Error('main has an open token');
  for (let from = 1; from < paths.length; from += AT_ONCE) {
    const { caller, commandId } = at.moraine.newRequest();
    const events = paths.slice(from, from + AT_ONCE).map((path, index) => {
      const event = { type: 'ObjectStaged', path: path as ObjectPath, entry } as const;
      return newEvent(event, commandId, index);
    });
    const append = { stream: stagingStream(token), expected: 'open' as const, events };
    const context = { atMs: clock.nowMs(), caller: caller.user, requestId: '', commandId };
    await log.append([append], context);
  }
}

/** Deletes objects of `main` as clients do that delete a folder. */
export async function removeAll(at: Lake, paths: readonly string[]): Promise<void> {
  for (let from = 0; from < paths.length; from += UNSTAGE_PATHS_MAX) {
    await at.remove('main', ...paths.slice(from, from + UNSTAGE_PATHS_MAX));
  }
}

/** Deletes objects of `main` by eight clients, each of whom takes the next ones that nobody has. */
export async function removeSideBySide(
  at: Lake,
  paths: readonly string[],
  atOnce: number,
): Promise<void> {
  let next = 0;
  const client = async () => {
    while (next < paths.length) {
      const from = next;
      next += atOnce;
      await at.remove('main', ...paths.slice(from, from + atOnce));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

/** Counts from call to call: rows as they leave the store, and blocks that are looked at. */
export function readsOf(at: Lake): () => number {
  const { kv, committed } = at.moraine.adapters;
  if (!(kv instanceof MemoryKvStore)) throw new Error('the store is in memory');
  if (!(committed instanceof BlockCommittedStore)) throw new Error('trees are files');
  let rows = 0;
  const counted = async (read: Promise<readonly (readonly KvRow[])[]>) => {
    const pages = await read;
    rows += pages.flat().length;
    return pages;
  };
  const [read, snapshot] = [kv.read.bind(kv), kv.snapshot.bind(kv)];
  kv.read = (reads: readonly KvRead[]) => counted(read(reads));
  kv.snapshot = (work) =>
    snapshot((state) => work({ read: (reads) => counted(state.read(reads)) }));
  const seen = () => {
    const { hits, misses } = committed.counts.blocks;
    return rows + hits + misses;
  };
  let since = seen();
  return () => {
    const before = since;
    since = seen();
    return since - before;
  };
}
