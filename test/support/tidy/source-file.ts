import { type Comment, commentsOf } from './comments.js';
import { type Use, usesIn } from './uses.js';
import { type Import, importsOf } from './imports.js';
import { type Node, parse } from './syntax.js';

/** One file of the tree, parsed once, with what the rules ask of it. */
export class SourceFile {
  readonly program: Node;
  readonly imports: readonly Import[];
  readonly comments: readonly Comment[];
  readonly lines: readonly string[];
  /** Of each line's first byte, from 0. */
  readonly #lineStarts: readonly number[];
  readonly #bytes: Buffer;
  #uses: readonly Use[] | undefined;

  /** @param path  below the root of the tree, `/` between its parts */
  constructor(
    readonly path: string,
    text: string,
  ) {
    const bytes = Buffer.from(text);
    this.#bytes = bytes;
    this.#lineStarts = lineStarts(bytes);
    this.program = parse(text, path);
    this.imports = importsOf(this.program);
    this.comments = commentsOf(bytes, this.program);
    this.lines = text.replace(/\n$/, '').split('\n');
  }

  /** The folder right below `src`; of what lies in `src` itself the file, also for its spec. */
  get room(): string {
    const [top, room] = this.path.split('/');
    return top === 'src' ? (room ?? '').replace(/(\.(int|e2e))?\.spec\.ts$/, '.ts') : '';
  }

  get isSpec(): boolean {
    return /\.(spec|contract)\.ts$/.test(this.path);
  }

  get isTest(): boolean {
    return this.isSpec || this.path.startsWith('test/');
  }

  /** What ships: below `src`, no spec. */
  get isProduct(): boolean {
    return this.path.startsWith('src/') && !this.isSpec;
  }

  textOf({ span }: Node): string {
    return span ? this.#bytes.toString('utf8', span.start - 1, span.end - 1) : '';
  }

  lineOf(node: Node): number {
    return this.lineAt((node.span?.start ?? 1) - 1);
  }

  lastLineOf(node: Node): number {
    return this.lineAt((node.span?.end ?? 1) - 1);
  }

  /** @param byte  from 0 */
  lineAt(byte: number): number {
    let low = 0;
    let high = this.#lineStarts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= byte) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  /** Every name path that the file uses; found once, since several rules ask. */
  get uses(): readonly Use[] {
    this.#uses ??= usesIn(this.program);
    return this.#uses;
  }
}

function lineStarts(bytes: Buffer): readonly number[] {
  const starts = [0];
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) starts.push(at + 1);
  return starts;
}
