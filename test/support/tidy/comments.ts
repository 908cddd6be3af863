import { type Node, nodesOf } from './syntax.js';

export interface Comment {
  readonly text: string;
  /** In UTF-8 bytes of the file, from 0. */
  readonly startByte: number;
}

const LITERALS = ['StringLiteral', 'TemplateElement', 'RegExpLiteral'];
const SLASH = 0x2f;
const STAR = 0x2a;

/** Returns the comments of a file. What only looks like one, inside a literal, is none. */
export function commentsOf(bytes: Buffer, program: Node): readonly Comment[] {
  const ends = literalEnds(program);
  const found: Comment[] = [];
  let at = 0;
  while (at < bytes.length) {
    const literalEnd = ends.get(at);
    if (literalEnd !== undefined && literalEnd > at) {
      at = literalEnd;
      continue;
    }
    const end = commentEnd(bytes, at);
    if (end !== undefined) found.push({ text: bytes.toString('utf8', at, end), startByte: at });
    at = end ?? at + 1;
  }
  return found;
}

function commentEnd(bytes: Buffer, at: number): number | undefined {
  if (bytes[at] !== SLASH) return undefined;
  if (bytes[at + 1] === SLASH) return endOr(bytes, bytes.indexOf('\n', at));
  if (bytes[at + 1] !== STAR) return undefined;
  const close = bytes.indexOf('*/', at + 2);
  return endOr(bytes, close < 0 ? close : close + 2);
}

const endOr = (bytes: Buffer, end: number): number => (end < 0 ? bytes.length : end);

/** Returns where each literal ends, by where it starts. */
function literalEnds(program: Node): ReadonlyMap<number, number> {
  const ends = new Map<number, number>();
  for (const { span } of nodesOf(program, ...LITERALS)) {
    if (span) ends.set(span.start - 1, span.end - 1);
  }
  return ends;
}
