import { commitMade } from '../../../src/commands/branch/branch-operations.js';
import { CherryPick, CherryPickHandler } from '../../../src/commands/branch/cherry-pick.js';
import { CommitBranch } from '../../../src/commands/branch/commit-branch.js';
import { CreateBranch } from '../../../src/commands/branch/create-branch.js';
import { DeleteBranch } from '../../../src/commands/branch/delete-branch.js';
import {
  HardResetBranch,
  HardResetBranchHandler,
} from '../../../src/commands/branch/hard-reset-branch.js';
import {
  MergeIntoBranch,
  MergeIntoBranchHandler,
} from '../../../src/commands/branch/merge-into-branch.js';
import { ResetBranch, ResetBranchHandler } from '../../../src/commands/branch/reset-branch.js';
import { RevertBranch, RevertBranchHandler } from '../../../src/commands/branch/revert-branch.js';
import { DeleteRepository } from '../../../src/commands/repository/delete-repository.js';
import { StageObject } from '../../../src/commands/object/stage-object.js';
import { UnstageObjects } from '../../../src/commands/object/unstage-objects.js';
import { RestoreBranch } from '../../../src/commands/undo/restore-branch.js';
import { UndoBranch } from '../../../src/commands/undo/undo-branch.js';
import type { Request } from '../../../src/commands/request.js';
import type { MergeStrategy, ResetScope } from '../../../src/domain/branch/branch.wishes.js';
import { DomainError } from '../../../src/domain/errors.js';
import type {
  CommandId,
  CommitRecord,
  MetaRangeId,
  ObjectEntry,
  ObjectPath,
  UserId,
} from '../../../src/domain/model.js';
import { UnknownOutcome } from '../../../src/ports/store-errors.js';
import { ListObjects, type ObjectsPage } from '../../../src/queries/list-objects.js';
import { StatObject } from '../../../src/queries/stat-object.js';
import { StatObjectHandler } from '../../../src/queries/stat-object.js';
import { work } from '../../support/samples/branch.samples.js';
import { lake, NOW_MS } from '../../support/samples/repository.samples.js';
import type { Node } from './node.js';
import { entryOfValue, sources } from './sources.js';

export type Operation =
  | { readonly kind: 'put'; readonly path: ObjectPath; readonly value: string }
  | { readonly kind: 'remove'; readonly path: ObjectPath }
  | { readonly kind: 'put if absent'; readonly path: ObjectPath; readonly value: string }
  | { readonly kind: 'commit' }
  | Laying
  | { readonly kind: 'reset'; readonly scope: ResetScope }
  | { readonly kind: 'hard reset'; readonly ref: string }
  | { readonly kind: 'list'; readonly amount: number }
  | { readonly kind: 'stat'; readonly path: ObjectPath }
  | { readonly kind: 'delete' }
  | { readonly kind: 'create' }
  | { readonly kind: 'undo' }
  | { readonly kind: 'restore' }
  | { readonly kind: 'delete repository' };

/** What lays another tree over the head. */
export type Laying =
  | {
      readonly kind: 'merge';
      readonly ref: string;
      readonly strategy: MergeStrategy;
      readonly isSquash: boolean;
    }
  | { readonly kind: 'revert'; readonly ref: string }
  /** All objects under a prefix go for those of a source's tree. */
  | { readonly kind: 'import'; readonly ref: string; readonly prefix: string }
  | { readonly kind: 'pick'; readonly ref: string };

export type Answer =
  | {
      readonly kind:
        | 'put'
        | 'put if absent'
        | 'remove'
        | 'reset'
        | 'hard reset'
        | 'delete'
        | 'create'
        | 'undo'
        | 'restore'
        | 'delete repository';
    }
  | { readonly kind: 'commit' | Laying['kind']; readonly commit: CommitRecord }
  | { readonly kind: 'list'; readonly page: ObjectsPage }
  | { readonly kind: 'stat'; readonly value: string }
  | { readonly kind: 'refused'; readonly code: string }
  /** Nobody said; it may have happened, or may yet. */
  | { readonly kind: 'unknown' };

/** Asks a node, as an edge would. Whatever is neither an answer nor a refusal is thrown on. */
export async function perform(
  node: Node,
  id: string,
  operation: Operation,
  request = requestOf(id),
): Promise<Answer> {
  try {
    return await ask(node, id, operation, request);
  } catch (error) {
    if (error instanceof DomainError) return { kind: 'refused', code: error.code };
    if (error instanceof UnknownOutcome) return { kind: 'unknown' };
    throw error;
  }
}

async function ask(
  node: Node,
  id: string,
  operation: Operation,
  request: Request,
): Promise<Answer> {
  const { name } = lake;
  switch (operation.kind) {
    case 'put':
      await node.stage.execute(new StageObject(name, work, objectOf(operation), request));
      return { kind: 'put' };
    case 'remove': {
      const options = { isForced: false };
      const command = new UnstageObjects(name, work, [operation.path], options, request);
      await node.unstage.execute(command);
      return { kind: 'remove' };
    }
    case 'commit': {
      const wish = { message: `by ${id}`, metadata: [], dateMs: NOW_MS, allowsEmpty: false };
      const command = new CommitBranch(name, work, { ...wish, isForced: false }, request);
      return { kind: 'commit', commit: await node.commit.execute(command) };
    }
    case 'put if absent':
      await putIfAbsent(node, operation, request);
      return { kind: 'put if absent' };
    case 'merge':
    case 'revert':
    case 'pick':
    case 'import':
      return { kind: operation.kind, commit: await lay(node, operation, request) };
    case 'reset': {
      const wish = { scope: operation.scope, isForced: false };
      const handler = new ResetBranchHandler(node.operations);
      await handler.execute(new ResetBranch(name, work, wish, request));
      return { kind: 'reset' };
    }
    case 'hard reset': {
      const wish = { ref: operation.ref, isForced: false };
      const handler = new HardResetBranchHandler(node.operations);
      await handler.execute(new HardResetBranch(name, work, wish, request));
      return { kind: 'hard reset' };
    }
    case 'list': {
      const page = { after: '', amount: operation.amount };
      const query = new ListObjects(name, work, page, { prefix: '', delimiter: '' });
      return { kind: 'list', page: await node.list.execute(query) };
    }
    case 'stat': {
      const handler = new StatObjectHandler(node.reads, node.ports.committed);
      const { entry } = await handler.execute(new StatObject(name, work, operation.path));
      return { kind: 'stat', value: entry.checksum };
    }
    case 'delete':
      await node.deleteBranch.execute(new DeleteBranch(name, work, { isForced: false }, request));
      return { kind: 'delete' };
    case 'create': {
      const from = { sourceRef: lake.defaultBranch, isHidden: false, isForced: false };
      await node.createBranch.execute(new CreateBranch(name, { branch: work, ...from }, request));
      return { kind: 'create' };
    }
    case 'undo':
    case 'restore':
      return takeBack(node, operation.kind, request);
    case 'delete repository': {
      const options = { isForced: false };
      await node.deleteRepository.execute(new DeleteRepository(name, options, request));
      return { kind: 'delete repository' };
    }
  }
}

async function takeBack(node: Node, kind: 'undo' | 'restore', request: Request): Promise<Answer> {
  const isForced = false;
  const newest = { revision: undefined, commitId: undefined, isForced };
  if (kind === 'undo') await node.undo.execute(new UndoBranch(lake.name, work, newest, request));
  else await node.restore.execute(new RestoreBranch(lake.name, work, { isForced }, request));
  return { kind };
}

async function lay(node: Node, operation: Laying, request: Request): Promise<CommitRecord> {
  const { ref } = operation;
  const as = { isForced: false, overrides: { message: '', metadata: undefined } };
  switch (operation.kind) {
    case 'merge': {
      const { strategy, isSquash } = operation;
      const words = { sourceRef: ref, message: '', metadata: [], allowsEmpty: false };
      const wish = { ...words, strategy, isSquash, isForced: false };
      const command = new MergeIntoBranch(lake.name, work, wish, request);
      return new MergeIntoBranchHandler(node.operations).execute(command);
    }
    case 'revert': {
      const wish = { ref, parentNumber: 1, allowsEmpty: false, ...as };
      const command = new RevertBranch(lake.name, work, wish, request);
      return new RevertBranchHandler(node.operations).execute(command);
    }
    case 'pick': {
      const command = new CherryPick(lake.name, work, { ref, parentNumber: 1, ...as }, request);
      return new CherryPickHandler(node.operations).execute(command);
    }
    case 'import': {
      const source = sources.find(({ id }) => id === ref)?.metaRangeId ?? ('' as MetaRangeId);
      const replaced = [{ kind: 'prefix', prefix: operation.prefix }] as const;
      const wish = { kind: 'import', source, replaced } as const;
      const target = { name: lake.name, branch: work, isForced: false };
      return node.places.at(target, async (place) => {
        const words = { message: 'import', metadata: [] };
        const outcome = await node.operations.perform(place, wish, request, words);
        return commitMade(outcome, 'import');
      });
    }
  }
}

async function putIfAbsent(
  node: Node,
  { path, value }: { path: ObjectPath; value: string },
  request: Request,
): Promise<void> {
  const staged = { type: 'ObjectStaged', path, entry: entryOfValue(value) } as const;
  const decide = (current: ObjectEntry | undefined) => {
    if (current) throw new DomainError('path_exists');
    return [staged];
  };
  await node.places.at({ name: lake.name, branch: work, isForced: false }, (place) =>
    node.conditional.write(place, { path, decide }, request),
  );
}

export const requestOf = (id: string): Request => ({
  caller: { user: 'ann' as UserId, requestId: id },
  commandId: id as CommandId,
});

const objectOf = ({ path, value }: { path: ObjectPath; value: string }) => ({
  path,
  physicalAddress: `s3://elsewhere/${value}`,
  checksum: value,
  sizeBytes: 1,
  modifiedAtMs: undefined,
  contentType: '',
  metadata: [],
  isForced: false,
});
