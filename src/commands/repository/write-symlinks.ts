import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BranchId, RepositoryId, StorageNamespace } from '../../domain/model.js';
import type { RepositoryRecord } from '../../domain/repository/repository.events.js';
import { BlockStore } from '../../ports/block-store.js';
import { CommittedStore } from '../../ports/committed-store.js';
import { ListObjects, ListObjectsHandler } from '../../queries/list-objects.js';
import { ReadsAt } from '../../queries/read-at.js';
import { utf8 } from '../../shared/bytes.js';
import { Places } from '../places.js';

/**
 * Writes, for each folder of a branch, a file that names the objects in it by where their bytes
 * are, a line each: `<namespace>/symlinks/<repository>/<branch>/<folder>/symlink.txt`. Query
 * engines read tables by them.
 *
 * @throws DomainError  repository_not_found, ref_not_found
 * @throws AddressRefused  a folder's name that the block store has no place for
 */
export class WriteSymlinks extends Command<string> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    /** Only objects whose paths begin so. */
    readonly prefix: string,
  ) {
    super();
  }
}

const ROWS_PER_PAGE = 1_000;
const FOLDER = 'symlinks';

@CommandHandler(WriteSymlinks)
export class WriteSymlinksHandler implements ICommandHandler<WriteSymlinks> {
  readonly #objects: ListObjectsHandler;

  constructor(
    private readonly places: Places,
    private readonly blocks: BlockStore,
    reads: ReadsAt,
    committed: CommittedStore,
  ) {
    this.#objects = new ListObjectsHandler(reads, committed);
  }

  /** Returns where the files are. */
  async execute({ repository, branch, prefix }: WriteSymlinks): Promise<string> {
    const record = await this.places.fresh(repository);
    const waiting = [prefix];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const folders: string[] = [];
      await this.#writeFolder(record, branch, next, folders);
      // Deepest last, so that what waits is a path's width and not a tree's.
      waiting.push(...folders.toReversed());
    }
    return `${record.namespace}/${FOLDER}`;
  }

  async #writeFolder(
    { name, namespace }: RepositoryRecord,
    branch: BranchId,
    prefix: string,
    folders: string[],
  ): Promise<void> {
    const lines = this.#linesOf(name, branch, prefix, folders);
    const first = await lines.next();
    // A folder of folders alone has no file.
    if (first.done) return;
    const path = prefix.slice(0, Math.max(prefix.lastIndexOf('/'), 0));
    const key = [FOLDER, name, branch, ...(path === '' ? [] : [path]), 'symlink.txt'].join('/');
    await this.blocks.put({ namespace, key }, joined(first.value, lines));
  }

  /** Yields a page's addresses as text, and notes the folders that are met. */
  async *#linesOf(
    repository: RepositoryId,
    branch: BranchId,
    prefix: string,
    folders: string[],
  ): AsyncGenerator<string> {
    let after = '';
    for (;;) {
      const page = { after, amount: ROWS_PER_PAGE };
      const filter = { prefix, delimiter: '/' };
      const query = new ListObjects(repository, branch, page, filter);
      const { items, hasMore, nextOffset, namespace } = await this.#objects.execute(query);
      const lines: string[] = [];
      for (const item of items) {
        if (item.kind === 'common_prefix') folders.push(item.path);
        else lines.push(addressOf(item.entry, namespace));
      }
      if (lines.length > 0) yield lines.join('\n');
      if (!hasMore) return;
      after = nextOffset;
    }
  }
}

async function* joined(first: string, rest: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  yield utf8(first);
  for await (const text of rest) yield utf8(`\n${text}`);
}

const addressOf = (
  { address, addressType }: { address: string; addressType: 'relative' | 'full' },
  namespace: StorageNamespace,
): string => (addressType === 'relative' ? `${namespace}/${address}` : address);
