import { closeSync, fdatasync, openSync, readFileSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';

const sync = promisify(fdatasync);

/** What a client was told of something that it had asked for, or that it was told nothing. */
export type Line =
  | { readonly kind: 'put'; readonly branch: string; readonly path: string; readonly md5: string }
  | { readonly kind: 'delete'; readonly branch: string; readonly path: string }
  /** It may have happened or not: nobody asks again. */
  | {
      readonly kind: 'unknown';
      readonly branch: string;
      readonly path: string;
      readonly md5: string | null;
    }
  | {
      readonly kind: 'commit';
      readonly branch: string;
      readonly id: string;
      readonly message: string;
    }
  /** Answered with "no": it must stand nowhere. */
  | { readonly kind: 'no commit'; readonly branch: string; readonly message: string }
  /** In this commit a path has this content. */
  | { readonly kind: 'holds'; readonly id: string; readonly path: string; readonly md5: string }
  | { readonly kind: 'branch' | 'no branch'; readonly branch: string }
  | { readonly kind: 'tag'; readonly tag: string; readonly id: string }
  | {
      readonly kind: 'import';
      readonly branch: string;
      readonly id: string;
      readonly count: number;
    }
  | { readonly kind: 'repository' | 'no repository'; readonly repository: string }
  | { readonly kind: 'restored'; readonly repository: string; readonly id: string };

/**
 * The answers that clients were given, on the disk before any of them counts. Lines that come while
 * others are synced share the next sync.
 */
export class Book {
  readonly #file: number;
  #waiting: { line: string; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #isWriting = false;
  #count = 0;
  /** When the last line came, by performance.now. */
  lastAtMs = 0;

  constructor(readonly path: string) {
    this.#file = openSync(path, 'a');
  }

  /** How many answers count. */
  get count(): number {
    return this.#count;
  }

  /** Resolves when the line is on the disk. */
  note(line: Line): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line: JSON.stringify(line), resolve, reject });
      if (!this.#isWriting) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      try {
        writeSync(this.#file, lines.map(({ line }) => `${line}\n`).join(''));
        await sync(this.#file);
        this.#count += lines.length;
        this.lastAtMs = performance.now();
        for (const { resolve } of lines) resolve();
      } catch (error) {
        for (const { reject } of lines) reject(error);
      }
    }
    this.#isWriting = false;
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Returns what the book says, from the disk alone. */
export function readBook(path: string): readonly Line[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
}

/** Returns, by path, which contents it may have; null: it may be absent. */
export function contentsOf(
  lines: readonly Line[],
  branch: string,
): ReadonlyMap<string, ReadonlySet<string | null>> {
  const contents = new Map<string, Set<string | null>>();
  for (const line of lines) {
    if (!('path' in line) || !('branch' in line) || line.branch !== branch) continue;
    const before = contents.get(line.path) ?? new Set([null]);
    if (line.kind === 'put') contents.set(line.path, new Set([line.md5]));
    else if (line.kind === 'delete') contents.set(line.path, new Set([null]));
    else contents.set(line.path, before.add(line.md5));
  }
  return contents;
}
