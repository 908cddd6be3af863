import { expect } from '@jest/globals';
import { CreateRepository } from '../../src/commands/repository/create-repository.js';
import { branchStream } from '../../src/domain/branch/branch.stream.js';
import type { BranchId, RepositoryId, StorageNamespace } from '../../src/domain/model.js';
import { RepositoriesView } from '../../src/projections/repositories.view.js';
import { ListReflog } from '../../src/queries/list-reflog.js';
import type { TestMoraine } from '../support/moraine.js';
import { SeededRandom } from '../support/seeded-random.js';
import { PastModel, type Shown } from './past-model.js';
import { PastReader } from './past-reader.js';
import { PATHS, PastSteps } from './past-steps.js';

/** What the model said at some moment, and by what it can be found. */
interface Note {
  readonly did: string;
  readonly position: number;
  readonly time: string;
  readonly shown: ReadonlyMap<string, Shown | undefined>;
}

const NAMES = ['main', 'dev'];

/**
 * Works at random, and notes behind every step what a plain model shows; then holds what the
 * service shows as of each of these moments to what was noted.
 */
export async function runPast(
  moraine: TestMoraine,
  seed: number,
  { steps, checked }: { readonly steps: number; readonly checked: number },
): Promise<void> {
  const repository = await newRepository(moraine);
  const model = new PastModel();
  const random = new SeededRandom(seed);
  const reader = new PastReader(moraine, repository);
  const first = await reader.shown('main');
  if (typeof first === 'string') throw new Error('main is there');
  model.moved('main', first.commitId, new Map());
  const work = new PastSteps(moraine, repository, model, random);
  const notes: Note[] = [];
  let position = 0;
  for (let step = 0; step < steps; step++) {
    const did = await work.step();
    position = await lastPosition(moraine, position);
    const shown = new Map(NAMES.map((name) => [name, model.shown(name)]));
    for (const name of NAMES) {
      const live = await reader.shown(name);
      expect({ step, did, name, live }).toEqual({ step, did, name, live: said(shown.get(name)) });
    }
    notes.push({ did, position, time: await tick(), shown });
  }
  await moraine.restart();
  const some =
    notes.length <= checked ? notes : notes.filter(() => random.below(notes.length) < checked);
  for (const note of some) {
    for (const name of NAMES) await checkMoment(reader, note, name);
  }
  for (const name of NAMES) await checkRevisions(moraine, reader, repository, name);
}

/** Of a branch that is not there, whichever refusal. */
const said = (shown: Shown | undefined): Shown | string => shown ?? 'branch_not_found';

async function checkMoment(reader: PastReader, note: Note, name: string): Promise<void> {
  const expected = note.shown.get(name);
  const { did, position, time } = note;
  const plainTime = time.replaceAll(/[-:]/g, '');
  const moments = [`@{p${position}}`, `@{${time}}`, `.at.p${position}`, `.at.${plainTime}`];
  for (const moment of moments) {
    const ref = name + moment;
    const shown = await reader.shown(ref);
    const isNothing = expected === undefined;
    const nothing = shown === 'ref_not_found' ? 'ref_not_found' : 'moment_not_found';
    expect({ did, ref, shown }).toEqual({ did, ref, shown: isNothing ? nothing : expected });
    if (!expected || moment.startsWith('.')) continue;
    const folders = new Set(expected.all.map(([path]) => path.replace(/\/.*/s, '/')));
    expect({ did, ref, folders: await reader.byFolders(ref) }).toEqual({
      did,
      ref,
      folders: [...folders],
    });
    const all = new Map(expected.all);
    for (const path of PATHS) {
      const found = await reader.stat(ref, path);
      expect({ did, ref, path, found }).toEqual({ did, ref, path, found: all.get(path) });
    }
  }
}

/** A revision is the position of its event; and what moved the head is in the reflog. */
async function checkRevisions(
  moraine: TestMoraine,
  reader: PastReader,
  repository: RepositoryId,
  name: string,
): Promise<void> {
  const { log, kv } = moraine.adapters;
  const { uid } = await new RepositoriesView(kv).get(repository);
  const stream = branchStream(uid, name as BranchId);
  const events = await log.read(stream, { from: 0, direction: 'forward', limit: 1000 });
  for (const { revision, position } of events) {
    const [byRevision, byPosition] = [`${name}@{r${revision}}`, `${name}@{p${position}}`];
    expect(await reader.shown(byRevision)).toEqual(await reader.shown(byPosition));
  }
  if (events.length === 0) return;
  const moves: unknown[] = [];
  let head: string | null = null;
  for (const { revision, data } of events) {
    const record = data['record'] as { readonly head: { readonly commitId: string } } | null;
    const to = record?.head.commitId ?? null;
    if (to !== head) moves.unshift({ revision, from: head, to });
    head = to;
  }
  const entries = [];
  for (let before: number | undefined; ;) {
    const page = { before, amount: 2 };
    const { items, hasMore, nextOffset } = await moraine.ask(
      new ListReflog(repository, name as BranchId, page),
    );
    entries.push(...items);
    if (!hasMore) break;
    before = Number(nextOffset);
  }
  const headMoves = entries.filter(({ from, to }) => from !== to);
  expect(headMoves.map(({ revision, from, to }) => ({ revision, from, to }))).toEqual(moves);
  for (const { operation, scope, caller } of entries) {
    expect({ isReset: operation === 'reset', caller }).toEqual({
      isReset: scope !== undefined,
      caller: 'tester',
    });
  }
}

async function newRepository(moraine: TestMoraine): Promise<RepositoryId> {
  const name = `past-${moraine.adapters.ids.repositoryUid()}` as RepositoryId;
  const wish = {
    name,
    namespace: `mem://${name}` as StorageNamespace,
    defaultBranch: 'main' as BranchId,
    isReadOnly: false,
    isBare: false,
  };
  await moraine.execute(new CreateRepository(wish, moraine.newRequest()));
  return name;
}

async function lastPosition({ adapters: { log } }: TestMoraine, after: number): Promise<number> {
  for (let last = after; ;) {
    const events = await log.readAll({ after: last, limit: 1000 });
    last = events.at(-1)?.position ?? last;
    if (events.length < 1000) return last;
  }
}

/** Returns this millisecond, when it is over: nothing that is done from here on bears it. */
async function tick(): Promise<string> {
  const nowMs = Date.now();
  while (Date.now() === nowMs) await new Promise((resolve) => setImmediate(resolve));
  return new Date(nowMs).toISOString();
}
