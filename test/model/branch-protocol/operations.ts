import { CommitBranch } from '../../../src/commands/branch/commit-branch.js';
import { CreateBranch } from '../../../src/commands/branch/create-branch.js';
import { DeleteBranch } from '../../../src/commands/branch/delete-branch.js';
import { DeleteRepository } from '../../../src/commands/repository/delete-repository.js';
import { StageObject } from '../../../src/commands/object/stage-object.js';
import { UnstageObjects } from '../../../src/commands/object/unstage-objects.js';
import type { Request } from '../../../src/commands/request.js';
import { DomainError } from '../../../src/domain/errors.js';
import type { CommandId, CommitRecord, ObjectPath, UserId } from '../../../src/domain/model.js';
import { UnknownOutcome } from '../../../src/ports/store-errors.js';
import { ListObjects, type ObjectsPage } from '../../../src/queries/list-objects.js';
import { StatObject } from '../../../src/queries/stat-object.js';
import { StatObjectHandler } from '../../../src/queries/stat-object.js';
import { work } from '../../support/samples/branch.samples.js';
import { lake, NOW_MS } from '../../support/samples/repository.samples.js';
import type { Node } from './node.js';

export type Operation =
  | { readonly kind: 'put'; readonly path: ObjectPath; readonly value: string }
  | { readonly kind: 'remove'; readonly path: ObjectPath }
  | { readonly kind: 'commit' }
  | { readonly kind: 'list'; readonly amount: number }
  | { readonly kind: 'stat'; readonly path: ObjectPath }
  | { readonly kind: 'delete' }
  | { readonly kind: 'create' }
  | { readonly kind: 'delete repository' };

export type Answer =
  | { readonly kind: 'put' | 'remove' | 'delete' | 'create' | 'delete repository' }
  | { readonly kind: 'commit'; readonly commit: CommitRecord }
  | { readonly kind: 'list'; readonly page: ObjectsPage }
  | { readonly kind: 'stat'; readonly value: string }
  | { readonly kind: 'refused'; readonly code: string }
  /** Nobody said; it may have happened, or may yet. */
  | { readonly kind: 'unknown' };

/** Asks a node, as an edge would. Whatever is neither an answer nor a refusal is thrown on. */
export async function perform(node: Node, id: string, operation: Operation): Promise<Answer> {
  try {
    return await ask(node, id, operation);
  } catch (error) {
    if (error instanceof DomainError) return { kind: 'refused', code: error.code };
    if (error instanceof UnknownOutcome) return { kind: 'unknown' };
    throw error;
  }
}

async function ask(node: Node, id: string, operation: Operation): Promise<Answer> {
  const request = requestOf(id);
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
    case 'delete repository': {
      const options = { isForced: false };
      await node.deleteRepository.execute(new DeleteRepository(name, options, request));
      return { kind: 'delete repository' };
    }
  }
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
