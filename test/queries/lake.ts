import { CommitBranch } from '../../src/commands/branch/commit-branch.js';
import { CreateBranch } from '../../src/commands/branch/create-branch.js';
import { StageObject } from '../../src/commands/object/stage-object.js';
import { UnstageObjects } from '../../src/commands/object/unstage-objects.js';
import { CreateRepository } from '../../src/commands/repository/create-repository.js';
import type {
  BranchId,
  CommitRecord,
  ObjectPath,
  RepositoryId,
  StorageNamespace,
} from '../../src/domain/model.js';
import type { Page, PageRequest } from '../../src/shared/page.js';
import { inMemory, type TestMoraine } from '../support/moraine.js';

export const lake = 'lake' as RepositoryId;
export const main = 'main' as BranchId;

/** The whole service with one repository, told in short what to do. */
export class Lake {
  private constructor(readonly moraine: TestMoraine) {}

  static async open(): Promise<Lake> {
    const opened = new Lake(await inMemory());
    const wish = {
      name: lake,
      namespace: 'mem://lake' as StorageNamespace,
      defaultBranch: main,
      isReadOnly: false,
      isBare: false,
    };
    const { moraine } = opened;
    await moraine.execute(new CreateRepository(wish, moraine.newRequest()));
    return opened;
  }

  async branch(name: string, sourceRef = 'main'): Promise<void> {
    const wish = { branch: name as BranchId, sourceRef, isHidden: false, isForced: false };
    await this.moraine.execute(new CreateBranch(lake, wish, this.moraine.newRequest()));
  }

  /** Stages an object; its text stands for its content. */
  async put(branch: string, path: string, text: string): Promise<void> {
    const object = {
      path: path as ObjectPath,
      physicalAddress: `s3://elsewhere/${text}`,
      checksum: text,
      sizeBytes: text.length,
      modifiedAtMs: 1_000,
      contentType: '',
      metadata: [],
      isForced: false,
    };
    const request = this.moraine.newRequest();
    await this.moraine.execute(new StageObject(lake, branch as BranchId, object, request));
  }

  async remove(branch: string, ...paths: string[]): Promise<void> {
    const options = { isForced: false };
    const of = paths as ObjectPath[];
    const request = this.moraine.newRequest();
    await this.moraine.execute(new UnstageObjects(lake, branch as BranchId, of, options, request));
  }

  commit(branch: string, message = 'm', dateMs?: number): Promise<CommitRecord> {
    const wish = { message, metadata: [], dateMs, allowsEmpty: true, isForced: false };
    const request = this.moraine.newRequest();
    return this.moraine.execute(new CommitBranch(lake, branch as BranchId, wish, request));
  }
}

/** Asks page after page until there is no more. */
export async function everyPage<Item>(
  amount: number,
  ask: (page: PageRequest) => Promise<Page<Item>>,
): Promise<Item[]> {
  const items: Item[] = [];
  let after = '';
  for (;;) {
    const page = await ask({ after, amount });
    items.push(...page.items);
    if (!page.hasMore) return items;
    after = page.nextOffset;
  }
}
