import { CreateBranch } from '../../src/commands/branch/create-branch.js';
import { StartImport } from '../../src/commands/import/start-import.js';
import { CreateRepository } from '../../src/commands/repository/create-repository.js';
import type { ImportSource } from '../../src/domain/import/import.events.js';
import type {
  BranchId,
  ImportId,
  ObjectPath,
  RepositoryId,
  StorageNamespace,
} from '../../src/domain/model.js';
import type { RepositoryRecord } from '../../src/domain/repository/repository.events.js';
import { GetImport } from '../../src/queries/get-import.js';
import { ListObjects } from '../../src/queries/list-objects.js';
import { utf8 } from '../../src/shared/bytes.js';
import type { TestMoraine } from './moraine.js';

export const old = 'local://old' as StorageNamespace;
export const main = 'main' as BranchId;

/** A repository `name` of its own, and what it is imported from: `in/…` below `local://old`. */
export async function repositoryIn(moraine: TestMoraine, name: string): Promise<RepositoryRecord> {
  return moraine.execute(
    new CreateRepository(
      {
        name: name as RepositoryId,
        namespace: `local://${name}` as StorageNamespace,
        defaultBranch: main,
        isReadOnly: false,
        isBare: false,
      },
      moraine.newRequest(),
    ),
  );
}

export async function sourceOf(moraine: TestMoraine, ...keys: readonly string[]): Promise<void> {
  const { blocks } = moraine.adapters;
  for (const key of keys) await blocks.putIfAbsent({ namespace: old, key }, utf8(`body of ${key}`));
}

export const from = (below: string, prefix: string): ImportSource => ({
  kind: 'prefix',
  uri: below === '' ? old : `${old}/${below}`,
  prefix,
});

export const one = (key: string, path: string): ImportSource => ({
  kind: 'object',
  uri: `${old}/${key}`,
  path: path as ObjectPath,
});

export async function startImport(
  moraine: TestMoraine,
  { name }: Pick<RepositoryRecord, 'name'>,
  sources: readonly ImportSource[],
  branch = main,
): Promise<ImportId> {
  const wish = { sources, message: 'in', metadata: [['by', 'test']], isForced: false } as const;
  return moraine.execute(new StartImport(name, branch, wish, moraine.newRequest()));
}

/** Starts an import and returns what became of it. */
export async function imported(
  moraine: TestMoraine,
  repository: Pick<RepositoryRecord, 'name'>,
  ...sources: readonly ImportSource[]
) {
  const id = await startImport(moraine, repository, sources);
  await moraine.finishJobs();
  return moraine.ask(new GetImport(repository.name, id));
}

export async function pathsOn(
  moraine: TestMoraine,
  { name }: Pick<RepositoryRecord, 'name'>,
  ref: string = main,
): Promise<readonly string[]> {
  const page = { after: '', amount: 1000 };
  const filter = { prefix: '', delimiter: '' };
  const { items } = await moraine.ask(new ListObjects(name, ref, page, filter));
  return items.map(({ path }) => path);
}

export async function branchOff(
  moraine: TestMoraine,
  { name }: Pick<RepositoryRecord, 'name'>,
  branch: string,
): Promise<BranchId> {
  const wish = { branch: branch as BranchId, sourceRef: main, isHidden: false, isForced: false };
  await moraine.execute(new CreateBranch(name, wish, moraine.newRequest()));
  return wish.branch;
}
