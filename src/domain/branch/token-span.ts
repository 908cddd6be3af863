import { assert } from '../../shared/assert.js';
import type { TokenSpan } from './branch.events.js';

/** Returns the newest ordinal that is named, of a token that is filled too; -1: none. */
export const newestOf = ({ hi, hidden = [] }: TokenSpan): number => Math.max(hi, ...hidden);

/** Returns the ordinal that is named next. */
export const nextOf = (tokens: TokenSpan): number => newestOf(tokens) + 1;

/** Returns a span with its next token opened for writes. */
export function opened(tokens: TokenSpan, opens: number): TokenSpan {
  assert(opens === nextOf(tokens), 'tokens are named one after the other');
  return { ...tokens, hi: opens };
}

/** Returns a span with its next token hidden, to be filled. */
export const hiding = (tokens: TokenSpan): TokenSpan =>
  spanOf({ ...tokens, hidden: [...(tokens.hidden ?? []), nextOf(tokens)] });

/** Returns a span in which a token that was filled is read. */
export function shown(tokens: TokenSpan, ordinal: number): TokenSpan {
  const { hi, hidden = [] } = tokens;
  assert(hidden.includes(ordinal), 'what is shown was hidden');
  const left = hidden.filter((each) => each !== ordinal);
  // Of a branch that came back, and was not written to yet, it is the newest.
  return spanOf({ ...tokens, hi: Math.max(hi, ordinal), hidden: left });
}

/** Returns a span in which a token that was to be filled, and was not, says nothing. */
export function passedOver(tokens: TokenSpan, ordinal: number): TokenSpan {
  const { hi, hidden = [], folded = [] } = tokens;
  assert(hidden.includes(ordinal), 'what is passed over was hidden');
  // Above the newest it is in nobody's way.
  const pairs = ordinal < hi ? [...folded, [ordinal, ordinal] as const] : [...folded];
  pairs.sort(([left], [right]) => left - right);
  const left = hidden.filter((each) => each !== ordinal);
  return spanOf({ ...tokens, folded: pairs, hidden: left });
}

/** Returns what is left of a span when an intent has consumed what is below `lo`. */
export const consumedTo = (tokens: TokenSpan, lo: number): TokenSpan =>
  spanOf({
    lo,
    hi: tokens.hi,
    folded: (tokens.folded ?? []).filter(([, last]) => last >= lo),
    hidden: tokens.hidden ?? [],
  });

/** As it stands in the log: in one order, and without what is empty. */
const spanOf = ({ lo, hi, folded = [], hidden = [] }: TokenSpan): TokenSpan => ({
  lo,
  hi,
  ...(folded.length > 0 && { folded }),
  ...(hidden.length > 0 && { hidden }),
});
