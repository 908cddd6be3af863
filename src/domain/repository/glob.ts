/**
 * A pattern of branch names: `*` and `**` any characters, `?` one, `[abc]`, `[a-c]`, `[!a-c]` one
 * of some or none of them, `{one,other*}` either, `\` before what is meant as it stands.
 *
 * It is walked as all its states at once, so no pattern takes more than its length for each
 * character of a name.
 *
 * Source: lakeFS's branch protection rules.
 */
export interface Glob {
  matches(text: string): boolean;
}

type Node =
  | { readonly kind: 'one'; readonly takes: (char: string) => boolean; next: number }
  | { readonly kind: 'split'; readonly nexts: number[] }
  | { readonly kind: 'end' };

/** What is wrong with a pattern. */
export class GlobError extends Error {
  override readonly name = 'GlobError';
}

/** @throws GlobError  it is empty, ends too early, or has a class of nothing */
export function compileGlob(pattern: string): Glob {
  if (pattern === '') throw new GlobError('is empty');
  const parser = new Parser([...pattern]);
  const start = parser.sequence(parser.add({ kind: 'end' }), 0);
  const { nodes } = parser;
  return {
    matches(text) {
      let states = closure(nodes, [start]);
      for (const char of text) {
        const nexts: number[] = [];
        for (const at of states) {
          const node = nodes[at];
          if (node?.kind === 'one' && node.takes(char)) nexts.push(node.next);
        }
        if (nexts.length === 0) return false;
        states = closure(nodes, nexts);
      }
      return [...states].some((at) => nodes[at]?.kind === 'end');
    },
  };
}

/** Returns all states that are reached without a character. */
function closure(nodes: readonly Node[], from: readonly number[]): ReadonlySet<number> {
  const reached = new Set<number>();
  const waiting = [...from];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (reached.has(at)) continue;
    reached.add(at);
    const node = nodes[at];
    if (node?.kind === 'split') waiting.push(...node.nexts);
  }
  return reached;
}

/** Alternatives within alternatives, at most: each is a call within a call. */
const DEPTH_MAX = 32;

class Parser {
  readonly nodes: Node[] = [];
  #at = 0;

  constructor(private readonly chars: readonly string[]) {}

  add(node: Node): number {
    return this.nodes.push(node) - 1;
  }

  /** Reads until the end, or until what ends an alternative, and leads on to `exit`. */
  sequence(exit: number, depth: number): number {
    const first = this.add({ kind: 'split', nexts: [] });
    let last = first;
    for (;;) {
      const char = this.chars[this.#at];
      const isOver = char === undefined || (depth > 0 && (char === ',' || char === '}'));
      if (isOver) break;
      this.#at++;
      last = this.#term(char, last, depth);
    }
    this.#lead(last, exit);
    return first;
  }

  /** Returns the open end behind one term. */
  #term(char: string, from: number, depth: number): number {
    if (char === '*') {
      const loop = this.add({ kind: 'split', nexts: [] });
      this.#lead(from, loop);
      this.#lead(loop, this.add({ kind: 'one', takes: () => true, next: loop }));
      return loop;
    }
    if (char === '{') return this.#alternatives(from, depth + 1);
    if (char === '?') return this.#one(from, () => true);
    if (char === '[') return this.#one(from, this.#class());
    const meant = char === '\\' ? this.#taken() : char;
    return this.#one(from, (each) => each === meant);
  }

  #one(from: number, takes: (char: string) => boolean): number {
    const behind = this.add({ kind: 'split', nexts: [] });
    this.#lead(from, this.add({ kind: 'one', takes, next: behind }));
    return behind;
  }

  #alternatives(from: number, depth: number): number {
    if (depth > DEPTH_MAX) throw new GlobError('has too many braces in braces');
    const behind = this.add({ kind: 'split', nexts: [] });
    for (;;) {
      this.#lead(from, this.sequence(behind, depth));
      if (this.#taken() === '}') return behind;
    }
  }

  #class(): (char: string) => boolean {
    const isNegated = this.chars[this.#at] === '!';
    if (isNegated) this.#at++;
    const spans: [low: string, high: string][] = [];
    for (let char = this.#taken(); char !== ']'; char = this.#taken()) {
      const low = char === '\\' ? this.#taken() : char;
      const isSpan = this.chars[this.#at] === '-' && this.chars[this.#at + 1] !== ']';
      if (isSpan) this.#at++;
      const high = isSpan ? this.#taken() : low;
      if (high < low) throw new GlobError(`has a span that ends before it begins: ${low}-${high}`);
      spans.push([low, high]);
    }
    if (spans.length === 0) throw new GlobError('has a class of nothing');
    return (char) => spans.some(([low, high]) => low <= char && char <= high) !== isNegated;
  }

  #taken(): string {
    const char = this.chars[this.#at++];
    if (char === undefined) throw new GlobError('ends too early');
    return char;
  }

  #lead(from: number, to: number): void {
    const node = this.nodes[from];
    if (node?.kind === 'split') node.nexts.push(to);
  }
}
