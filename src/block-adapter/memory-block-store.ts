import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { StorageNamespace } from '../domain/model.js';
import type {
  BlockAddress,
  BlockInfo,
  BlockSource,
  BlockStore,
  ByteRange,
  ListedBlock,
  SourceBlock,
  StoredBlock,
} from '../ports/block-store.js';
import { BlockNotFound, CorruptData } from '../ports/store-errors.js';
import { compareUtf8 } from '../shared/bytes.js';
import { namespaceParts, parseAddress, partsOf } from './physical-address.js';

const SCHEMES = ['local', 'mem'] as const;

interface Held {
  readonly body: Buffer;
  readonly modifiedAtMs: number;
}

/** Keeps everything in this process. For tests and for `MORAINE_EVENT_LOG=memory`. */
export class MemoryBlockStore implements BlockStore {
  readonly #blocks = new Map<string, Held>();

  constructor(private readonly clock: { nowMs(): number } = { nowMs: () => 0 }) {}

  async put(address: BlockAddress, body: AsyncIterable<Uint8Array>): Promise<StoredBlock> {
    const uri = uriOf(address);
    const held = await this.#taken(body);
    this.#blocks.set(uri, held);
    return storedAs(held);
  }

  async putNew(
    address: BlockAddress,
    body: AsyncIterable<Uint8Array>,
  ): Promise<StoredBlock & { readonly isNew: boolean }> {
    const uri = uriOf(address);
    const held = await this.#taken(body);
    const isNew = !this.#blocks.has(uri);
    if (isNew) this.#blocks.set(uri, held);
    return { ...storedAs(held), isNew };
  }

  async #taken(body: AsyncIterable<Uint8Array>): Promise<Held> {
    const chunks: Uint8Array[] = [];
    // A copy of each: the one who sends may use a buffer again.
    for await (const chunk of body) chunks.push(Uint8Array.from(chunk));
    return { body: Buffer.concat(chunks), modifiedAtMs: this.clock.nowMs() };
  }

  async putIfAbsent(address: BlockAddress, body: Uint8Array): Promise<boolean> {
    const uri = uriOf(address);
    if (this.#blocks.has(uri)) return false;
    this.#blocks.set(uri, { body: Buffer.from(body), modifiedAtMs: this.clock.nowMs() });
    return true;
  }

  async copy(source: BlockAddress, target: BlockAddress): Promise<BlockInfo> {
    const uri = uriOf(target);
    const { body } = this.#held(source);
    const modifiedAtMs = this.clock.nowMs();
    this.#blocks.set(uri, { body, modifiedAtMs });
    return { sizeBytes: body.length, modifiedAtMs };
  }

  async get(address: BlockAddress, range?: ByteRange): Promise<Readable> {
    const { body } = this.#held(address);
    const part = range === undefined ? body : body.subarray(range.start, range.end + 1);
    return Readable.from(part.length === 0 ? [] : [Buffer.from(part)]);
  }

  async getBytes(address: BlockAddress, bytesMax: number): Promise<Uint8Array> {
    const { body } = this.#held(address);
    if (body.length > bytesMax) {
      throw new CorruptData(`${uriOf(address)} has ${body.length} bytes, over ${bytesMax}`);
    }
    return Buffer.from(body);
  }

  async head(address: BlockAddress): Promise<BlockInfo | undefined> {
    const held = this.#blocks.get(uriOf(address));
    return held && { sizeBytes: held.body.length, modifiedAtMs: held.modifiedAtMs };
  }

  async delete(address: BlockAddress): Promise<void> {
    this.#blocks.delete(uriOf(address));
  }

  async *list(
    namespace: StorageNamespace,
    { prefix, after }: { prefix: string; after: string },
  ): AsyncIterable<ListedBlock> {
    namespaceParts(namespace, SCHEMES);
    const keys = [...this.#blocks.keys()]
      .filter((uri) => uri.startsWith(`${namespace}/${prefix}`))
      .map((uri) => uri.slice(namespace.length + 1))
      .filter((key) => compareUtf8(key, after) > 0)
      .sort(compareUtf8);
    for (const key of keys) {
      const held = this.#blocks.get(`${namespace}/${key}`);
      if (held === undefined) continue;
      yield { key, sizeBytes: held.body.length, modifiedAtMs: held.modifiedAtMs };
    }
  }

  async *listSource({ kind, uri }: BlockSource, after: string): AsyncIterable<SourceBlock> {
    if (kind === 'object') {
      const { namespace, key } = parseAddress(uri, SCHEMES);
      yield this.#source('', { namespace, key });
      return;
    }
    const namespace = (uri.endsWith('/') ? uri.slice(0, -1) : uri) as StorageNamespace;
    let isEmpty = true;
    for await (const { key } of this.list(namespace, { prefix: '', after })) {
      isEmpty = false;
      // As a folder's hidden files, which a store of folders passes over.
      if (!`/${key}`.includes('/.')) yield this.#source(key, { namespace, key });
    }
    if (isEmpty && after === '') throw new BlockNotFound(`${uri} is no folder`);
  }

  #source(key: string, address: BlockAddress): SourceBlock {
    const { body, modifiedAtMs } = this.#held(address);
    const checksum = createHash('md5').update(body).digest('hex');
    return { key, address: uriOf(address), sizeBytes: body.length, modifiedAtMs, checksum };
  }

  parse(uri: string): BlockAddress {
    return parseAddress(uri, SCHEMES);
  }

  checkNamespace(namespace: StorageNamespace): void {
    namespaceParts(namespace, SCHEMES);
  }

  #held(address: BlockAddress): Held {
    const held = this.#blocks.get(uriOf(address));
    if (held === undefined) throw new BlockNotFound(uriOf(address));
    return held;
  }
}

function storedAs({ body, modifiedAtMs }: Held): StoredBlock {
  const md5 = createHash('md5').update(body).digest('hex');
  return { sizeBytes: body.length, md5, modifiedAtMs };
}

function uriOf(address: BlockAddress): string {
  partsOf(address, SCHEMES);
  return `${address.namespace}/${address.key}`;
}
