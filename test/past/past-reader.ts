import type { ObjectPath, RepositoryId } from '../../src/domain/model.js';
import { DomainError } from '../../src/domain/errors.js';
import { DiffBranch } from '../../src/queries/diff-branch.js';
import { GetBranch } from '../../src/queries/get-branch.js';
import { ListObjects } from '../../src/queries/list-objects.js';
import { StatObject } from '../../src/queries/stat-object.js';
import type { Page, PageRequest } from '../../src/shared/page.js';
import type { TestMoraine } from '../support/moraine.js';
import type { Shown } from './past-model.js';

/** Small, so that listings page. */
const PAGE_ITEMS = 3;

/** Reads at refs, all that there is. */
export class PastReader {
  constructor(
    private readonly moraine: TestMoraine,
    private readonly repository: RepositoryId,
  ) {}

  /** Returns the code of the refusal where there is nothing. */
  async shown(ref: string): Promise<Shown | string> {
    try {
      const { commitId } = await this.moraine.ask(new GetBranch(this.repository, ref));
      return {
        all: await this.listing(ref),
        committed: await this.listing(`${ref}@`),
        changes: await this.#changes(ref),
        commitId,
      };
    } catch (error) {
      if (error instanceof DomainError) return error.code;
      throw error;
    }
  }

  async listing(ref: string): Promise<readonly (readonly [string, string])[]> {
    const items = await this.#list(ref, '');
    return items.map((item) => [item.path, item.kind === 'object' ? item.entry.checksum : '']);
  }

  /** The paths of a listing by folders, one below the other. */
  async byFolders(ref: string): Promise<readonly string[]> {
    return (await this.#list(ref, '/')).map(({ path }) => path);
  }

  /** Undefined: nothing is there. */
  async stat(ref: string, path: string): Promise<string | undefined> {
    try {
      const { entry } = await this.moraine.ask(
        new StatObject(this.repository, ref, path as ObjectPath),
      );
      return entry.checksum;
    } catch (error) {
      if (error instanceof DomainError && error.code === 'object_not_found') return undefined;
      throw error;
    }
  }

  #list(ref: string, delimiter: string) {
    const filter = { prefix: '', delimiter };
    return pages((page) => this.moraine.ask(new ListObjects(this.repository, ref, page, filter)));
  }

  async #changes(ref: string): Promise<Shown['changes']> {
    const filter = { prefix: '', delimiter: '' };
    const found = await pages((page) =>
      this.moraine.ask(new DiffBranch(this.repository, ref, page, filter)),
    );
    return found.map(({ path, type }) => [path, type as Shown['changes'][number][1]]);
  }
}

async function pages<Item>(ask: (page: PageRequest) => Promise<Page<Item>>): Promise<Item[]> {
  const items: Item[] = [];
  let after = '';
  for (;;) {
    const page = await ask({ after, amount: PAGE_ITEMS });
    items.push(...page.items);
    if (!page.hasMore) return items;
    after = page.nextOffset;
  }
}
