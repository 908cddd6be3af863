import { expect } from '@jest/globals';
import type { Command } from '@nestjs/cqrs';
import { CommitBranch } from '../../src/commands/branch/commit-branch.js';
import { CreateBranch } from '../../src/commands/branch/create-branch.js';
import { DeleteBranch } from '../../src/commands/branch/delete-branch.js';
import { UnstageObjects } from '../../src/commands/object/unstage-objects.js';
import { UploadObject } from '../../src/commands/object/upload-object.js';
import { CreateRepository } from '../../src/commands/repository/create-repository.js';
import { CreateTag } from '../../src/commands/tag/create-tag.js';
import { DeleteTag } from '../../src/commands/tag/delete-tag.js';
import { DomainError } from '../../src/domain/errors.js';
import type {
  BranchId,
  ObjectPath,
  RepositoryId,
  StorageNamespace,
  TagId,
} from '../../src/domain/model.js';
import { allProjections } from '../../src/projections/all-projections.js';
import { DiffBranch } from '../../src/queries/diff-branch.js';
import { ListBranches } from '../../src/queries/list-branches.js';
import { ListObjects } from '../../src/queries/list-objects.js';
import { ListTags } from '../../src/queries/list-tags.js';
import { LogCommits, WHOLE_LOG } from '../../src/queries/log-commits.js';
import { OpenObject } from '../../src/queries/open-object.js';
import { StatObject } from '../../src/queries/stat-object.js';
import { compareUtf8, utf8 } from '../../src/shared/bytes.js';
import type { Page, PageRequest } from '../../src/shared/page.js';
import type { TestMoraine } from '../support/moraine.js';
import type { Step } from './histories.js';
import { PlainModel, type Answer } from './plain-model.js';

/** Small, so that histories page and grow past one page. */
const PAGE_ITEMS = 3;
const main = 'main' as BranchId;

/**
 * Runs a history on the service and on the model, and holds the two together after every step.
 *
 * @returns the repository that it made
 */
export async function runHistory(
  moraine: TestMoraine,
  steps: readonly Step[],
): Promise<RepositoryId> {
  const id = moraine.adapters.ids.repositoryUid();
  const repository = `r-${id}` as RepositoryId;
  await moraine.execute(
    new CreateRepository(
      {
        name: repository,
        namespace: `local://${repository}` as StorageNamespace,
        defaultBranch: main,
        isReadOnly: false,
        isBare: false,
      },
      moraine.newRequest(),
    ),
  );
  const model = new PlainModel();
  for (const [index, step] of steps.entries()) {
    const expected = model.take(step);
    const answer = await take(moraine, repository, step);
    expect({ index, step, answer }).toEqual({ index, step, answer: expected });
    await assertSame(moraine, repository, model);
  }
  await moraine.restart();
  await assertSame(moraine, repository, model);
  for (const { name } of allProjections) {
    const { differingCount, differing } = await moraine.rebuilder.rebuild(name, { swap: true });
    expect({ name, differingCount, differing }).toEqual({ name, differingCount: 0, differing: [] });
  }
  await assertSame(moraine, repository, model);
  return repository;
}

async function take(moraine: TestMoraine, repository: RepositoryId, step: Step): Promise<Answer> {
  const request = moraine.newRequest();
  const isForced = false;
  try {
    await moraine.execute<unknown>(commandOf());
    return 'done';
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }

  function commandOf(): Command<unknown> {
    switch (step.do) {
      case 'upload': {
        const upload = { body: once(step.body), contentType: '', metadata: [], isForced };
        const path = step.path as ObjectPath;
        return new UploadObject(repository, step.branch as BranchId, { path, ...upload }, request);
      }
      case 'delete': {
        const paths = [step.path as ObjectPath];
        return new UnstageObjects(
          repository,
          step.branch as BranchId,
          paths,
          { isForced },
          request,
        );
      }
      case 'commit': {
        const { allowsEmpty } = step;
        const wish = { message: 'm', metadata: [], dateMs: undefined, allowsEmpty, isForced };
        return new CommitBranch(repository, step.branch as BranchId, wish, request);
      }
      case 'branch': {
        const branch = step.branch as BranchId;
        const wish = { branch, sourceRef: step.from, isHidden: false, isForced };
        return new CreateBranch(repository, wish, request);
      }
      case 'delete branch':
        return new DeleteBranch(repository, step.branch as BranchId, { isForced }, request);
      case 'tag':
        return new CreateTag(
          repository,
          { tag: step.tag as TagId, ref: step.ref, isForced },
          request,
        );
      case 'delete tag':
        return new DeleteTag(repository, step.tag as TagId, { isForced }, request);
    }
  }
}

async function assertSame(
  moraine: TestMoraine,
  repository: RepositoryId,
  model: PlainModel,
): Promise<void> {
  const none = { prefix: '', showsHidden: true };
  const branches = await every((page) => moraine.ask(new ListBranches(repository, page, none)));
  expect(branches.map(({ name }) => name)).toEqual(sorted(model.branches.keys()));
  const tags = await every((page) => moraine.ask(new ListTags(repository, page, none)));
  expect(tags.map(({ name }) => name)).toEqual(sorted(model.tags.keys()));

  for (const branch of model.branches.keys()) {
    await assertShows(moraine, repository, branch, model.shown(branch));
    await assertShows(moraine, repository, `${branch}@`, model.committed(branch));
    const filter = { prefix: '', delimiter: '' };
    const differences = await every((page) =>
      moraine.ask(new DiffBranch(repository, branch as BranchId, page, filter)),
    );
    const expected = [...model.differences(branch)].sort(([a], [b]) => compareUtf8(a, b));
    expect(differences.map(({ path, type }) => [path, type])).toEqual(expected);
    const log = await every((page) =>
      moraine.ask(new LogCommits(repository, branch, page, WHOLE_LOG)),
    );
    expect(log.length).toBe(model.depth(branch));
  }
  for (const tag of model.tags.keys()) {
    await assertShows(moraine, repository, tag, model.tagged(tag));
  }
}

/** Holds listing, stats and bytes of a ref against the model's tree. */
async function assertShows(
  moraine: TestMoraine,
  repository: RepositoryId,
  ref: string,
  tree: ReadonlyMap<string, string>,
): Promise<void> {
  const flat = { prefix: '', delimiter: '' };
  const listed = await every((page) => moraine.ask(new ListObjects(repository, ref, page, flat)));
  expect(listed.map((item) => [item.path, item.kind === 'object' && item.entry.sizeBytes])).toEqual(
    sorted(tree.keys()).map((path) => [path, tree.get(path)?.length]),
  );
  const grouped = { prefix: '', delimiter: '/' };
  const groups = await every((page) =>
    moraine.ask(new ListObjects(repository, ref, page, grouped)),
  );
  const tops = new Set([...tree.keys()].map((path) => path.replace(/\/.*$/su, '/')));
  expect(groups.map(({ path }) => path)).toEqual(sorted(tops));
  for (const [path, body] of tree) {
    const found = await moraine.ask(new StatObject(repository, ref, path as ObjectPath));
    expect(found.entry.sizeBytes).toBe(body.length);
    const chunks = await (
      await moraine.ask(new OpenObject(repository, found, undefined))
    ).toArray();
    expect(Buffer.concat(chunks).toString()).toBe(body);
  }
}

/** Returns all pages as one list, by the smallest pages that still page. */
async function every<Item>(ask: (page: PageRequest) => Promise<Page<Item>>): Promise<Item[]> {
  const all: Item[] = [];
  let after = '';
  for (;;) {
    const { items, hasMore, nextOffset } = await ask({ after, amount: PAGE_ITEMS });
    all.push(...items);
    expect(items.length).toBeLessThanOrEqual(PAGE_ITEMS);
    if (!hasMore) return all;
    after = nextOffset;
  }
}

const sorted = (names: Iterable<string>): string[] => [...names].sort(compareUtf8);

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield utf8(text);
}
