import { assert } from '../../shared/assert.js';
import type { TokenSpan } from '../branch/branch.events.js';
import type { BranchId, RepositoryUid, StagingToken } from '../model.js';

export const STAGING_STREAM_PREFIX = 'staging-';

export interface TokenPlace {
  readonly uid: RepositoryUid;
  readonly branch: BranchId;
  readonly life: number;
  readonly ordinal: number;
}

/** Returns a token's name: computed, so that no two nodes can name two successors of one token. */
export const stagingToken = ({ uid, branch, life, ordinal }: TokenPlace): StagingToken =>
  `${uid}.${branch}.${life}.${ordinal}` as StagingToken;

/** Returns the tokens of a branch's life from `lo` to `hi`, newest first: as readers look. */
export function tokensBetween(of: Omit<TokenPlace, 'ordinal'>, span: TokenSpan): StagingToken[] {
  return ordinalsOf(span).map((ordinal) => stagingToken({ ...of, ordinal }));
}

/** Returns the ordinals of a span that are read, newest first: neither folded nor hidden. */
export function ordinalsOf({ lo, hi, folded = [], hidden = [] }: TokenSpan): number[] {
  const isPassedOver = (ordinal: number) =>
    hidden.includes(ordinal) || folded.some(([first, last]) => first <= ordinal && ordinal <= last);
  const ordinals: number[] = [];
  for (let ordinal = hi; ordinal >= lo; ordinal--) {
    if (!isPassedOver(ordinal)) ordinals.push(ordinal);
  }
  return ordinals;
}

export const stagingStream = (token: StagingToken): string => `${STAGING_STREAM_PREFIX}${token}`;

export function tokenOfStream(stream: string): StagingToken {
  assert(stream.startsWith(STAGING_STREAM_PREFIX), `not the stream of a token: ${stream}`);
  return stream.slice(STAGING_STREAM_PREFIX.length) as StagingToken;
}

export function placeOfToken(token: StagingToken): TokenPlace {
  const [uid, branch, life, ordinal] = token.split('.');
  assert(uid && branch && life && ordinal, `not a staging token: ${token}`);
  return {
    uid: uid as RepositoryUid,
    branch: branch as BranchId,
    life: Number(life),
    ordinal: Number(ordinal),
  };
}
