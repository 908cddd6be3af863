import { join } from 'node:path';
import { LocalBlockStore } from '../../src/block-adapter/local-block-store.js';
import type { StorageNamespace } from '../../src/domain/model.js';
import type { BlockAddress } from '../../src/ports/block-store.js';
import type { SeededRandom } from '../support/seeded-random.js';
import type { ForgetfulDisk } from './forgetful-disk.js';

const NAMESPACE = 'local://bucket/repo' as StorageNamespace;
const WORKERS = 12;
/** Empty, small, just small, no longer small, and gathered in two goes. */
const SIZES = [0, 700, 64 * 1024, 64 * 1024 + 1, 300 * 1024];
/** Of files that several store at once, as nodes do that build the same. */
const SHARED_NAMES = 30;
const FOLDERS = 3;

interface Block {
  readonly key: string;
  readonly bytes: Buffer;
  readonly store: () => Promise<unknown>;
}

/**
 * Blocks are stored side by side, in each of the store's ways, while syncs take their time and some
 * of them fail: from the moment when a block is acknowledged a power loss must leave it whole. A
 * process whose sync has failed goes on for a while; so the store must not believe a disk that has
 * failed it once.
 */
export class PowerLosses {
  readonly wrong: string[] = [];
  keptCount = 0;
  refusedCount = 0;
  readonly #kept = new Map<string, Buffer>();
  #nameCount = 0;

  private constructor(
    private readonly store: LocalBlockStore,
    private readonly root: string,
    private readonly disk: ForgetfulDisk,
    private readonly random: SeededRandom,
    private readonly heard: { readonly count: number },
  ) {}

  static async open(root: string, disk: ForgetfulDisk, random: SeededRandom): Promise<PowerLosses> {
    const heard = { count: 0 };
    const onSyncFailed = () => void heard.count++;
    const store = await LocalBlockStore.open({ root, onSyncFailed });
    return new PowerLosses(store, root, disk, random, heard);
  }

  /** @param count  blocks that each of those stores that work side by side */
  async run(count: number): Promise<void> {
    await Promise.all(Array.from({ length: WORKERS }, () => this.#work(count)));
    for (const [key, bytes] of this.#kept) this.#check(key, bytes, 'in the end');
    if (this.heard.count === 0 && this.refusedCount > 0) {
      this.wrong.push(
        `nobody heard of a sync that has failed, and ${this.refusedCount} are refused`,
      );
    }
  }

  async #work(count: number): Promise<void> {
    for (let done = 0; done < count && this.wrong.length === 0; done++) {
      const { key, bytes, store } = this.#next();
      try {
        await store();
      } catch {
        this.refusedCount++;
        continue;
      }
      this.keptCount++;
      this.#kept.set(key, bytes);
      this.#check(key, bytes, 'when it was acknowledged');
    }
  }

  #next(): Block {
    const { store, random } = this;
    const key = `data/${random.below(FOLDERS)}/${this.#nameCount++}`;
    const bytes = Buffer.alloc(random.pick(SIZES), `${key} `);
    const body = () => inTwo(bytes);
    switch (random.below(6)) {
      case 0:
      case 1:
        return { key, bytes, store: () => store.put(at(key), body(), { isUntold: true }) };
      case 2:
        return { key, bytes, store: () => store.put(at(key), body()) };
      case 3:
        return { key, bytes, store: () => store.putNew(at(key), body()) };
      case 4:
        return this.#copyTo(key) ?? this.#shared();
      default:
        return this.#shared();
    }
  }

  #copyTo(key: string): Block | undefined {
    const [source, bytes] = [...this.#kept].at(this.random.below(20)) ?? [];
    if (source === undefined || bytes === undefined) return undefined;
    return { key, bytes, store: () => this.store.copy(at(source), at(key)) };
  }

  #shared(): Block {
    const nth = this.random.below(SHARED_NAMES);
    const key = `_lakefs/${nth}`;
    const bytes = Buffer.alloc(nth % 2 === 0 ? 900 : 70_000, key);
    return { key, bytes, store: () => this.store.putIfAbsent(at(key), bytes) };
  }

  #check(key: string, bytes: Buffer, when: string): void {
    const left = this.disk.kept(this.root, join('bucket/repo', key).split('/'));
    if (left?.equals(bytes)) return;
    const found = left ? `${left.length} bytes` : 'not even its name';
    this.wrong.push(`${key} of ${bytes.length} bytes, ${when}: a power loss leaves ${found}`);
  }
}

const at = (key: string): BlockAddress => ({ namespace: NAMESPACE, key });

async function* inTwo(bytes: Buffer): AsyncGenerator<Uint8Array> {
  const half = Math.floor(bytes.length / 2);
  yield bytes.subarray(0, half);
  yield bytes.subarray(half);
}
