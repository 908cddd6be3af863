import { expect } from '@jest/globals';
import { CreateRepository } from '../../src/commands/repository/create-repository.js';
import { branchStream } from '../../src/domain/branch/branch.stream.js';
import { USUAL_MOMENT_LIMITS } from '../../src/app/moments.module.js';
import type { BranchId, RepositoryId, StorageNamespace } from '../../src/domain/model.js';
import { parseRef } from '../../src/domain/ref/parse-ref.js';
import { tokensBetween } from '../../src/domain/staging/staging.stream.js';
import type { KvRead, KvRow } from '../../src/ports/kv-store.js';
import { BranchesView } from '../../src/projections/branches.view.js';
import { keys, partitions, wordPartitions } from '../../src/projections/kv-keys.js';
import { RepositoriesView } from '../../src/projections/repositories.view.js';
import { Moments } from '../../src/queries/as-of/moments.js';
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
  let last = { position: 0, atMs: 0 };
  for (let step = 0; step < steps; step++) {
    const did = await work.step();
    last = await lastEvent(moraine, last);
    const shown = new Map(NAMES.map((name) => [name, model.shown(name)]));
    for (const name of NAMES) {
      const live = await reader.shown(name);
      expect({ step, did, name, live }).toEqual({ step, did, name, live: said(shown.get(name)) });
    }
    await checkRows(moraine, repository, last.position);
    const time = new Date(last.atMs).toISOString();
    notes.push({ did, position: last.position, time, shown });
    await tick();
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
  for (const { operation, scope, caller, undoes } of entries) {
    const isUndo = operation === 'undo' || operation === 'restore';
    expect({ operation, isUndo }).toEqual({ operation, isUndo: undoes !== undefined });
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
    namespace: `local://${name}` as StorageNamespace,
    defaultBranch: 'main' as BranchId,
    isReadOnly: false,
    isBare: false,
  };
  await moraine.execute(new CreateRepository(wish, moraine.newRequest()));
  return name;
}

async function lastEvent(
  { adapters: { log } }: TestMoraine,
  before: { readonly position: number; readonly atMs: number },
): Promise<{ readonly position: number; readonly atMs: number }> {
  for (let last = before; ;) {
    const events = await log.readAll({ after: last.position, limit: 1000 });
    last = events.at(-1) ?? last;
    if (events.length < 1000) return last;
  }
}

/** Waits until this millisecond is over: nothing that is done from here on bears it. */
async function tick(): Promise<void> {
  const nowMs = Date.now();
  while (Date.now() === nowMs) await new Promise((resolve) => setImmediate(resolve));
}

/** What is laid out of this very moment is what the view has now, byte for byte. */
async function checkRows(
  { adapters: { log, kv, clock } }: TestMoraine,
  repository: RepositoryId,
  position: number,
): Promise<void> {
  const moments = new Moments(log, clock, USUAL_MOMENT_LIMITS);
  const { uid } = await new RepositoriesView(kv).get(repository);
  for (const name of NAMES) {
    const record = await new BranchesView(kv).get(uid, name as BranchId);
    if (!record) continue;
    const ref = `${name}@{p${position}}`;
    const moment = await moments.find(uid, ref, parseRef(ref));
    if (moment.kind !== 'branch') throw new Error(`${name} is a branch`);
    expect(moment.record).toEqual(record);
    const of = { uid, branch: name as BranchId, life: record.life };
    const tokens = tokensBetween(of, record.tokens);
    const scans = tokens.flatMap((token) =>
      [...wordPartitions(token), partitions.deletedRuns(token)].map((partition): KvRead => ({
        kind: 'scan',
        partition,
        limit: 1000,
      })),
    );
    const opened = tokens.map((token): KvRead => ({
      kind: 'get',
      partition: partitions.tokens,
      key: keys.token(token),
    }));
    const reads = [...scans, ...opened];
    const past = tokens.length === 0 ? [] : await (await moments.rows(moment)).read(reads);
    expect(past.map(textsOf)).toEqual((await kv.read(reads)).map(textsOf));
  }
}

const textsOf = (rows: readonly KvRow[]): readonly string[] =>
  rows.map(({ key, value, schema }) =>
    [schema, Buffer.from(key).toString('latin1'), Buffer.from(value).toString()].join(' '),
  );
