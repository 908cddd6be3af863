/** A request came under a key for the first time, or for the first time in a day. */
export interface RequestBegun {
  readonly type: 'RequestBegun';
  /** Says whether another request is the same; of what it holds it says nothing. */
  readonly fingerprint: string;
  readonly begunAtMs: number;
  /** When the one before it under this key had begun, if nobody had forgotten it yet. */
  readonly formerAtMs: number | null;
}

/**
 * What it asked for is in the log: appended with that, so there is one or none of both. Of an
 * intent it is the request for it: what comes of that stands in the branch.
 *
 * Of writes to a log without groups it comes first: they land in this token or not at all, and
 * another token is named only when they cannot land in this one any more.
 */
export interface RequestTookEffect {
  readonly type: 'RequestTookEffect';
  /** The staging token's; the branch's, or of whatever else it changed. */
  readonly stream: string;
  /** 0: nothing was written, and nothing will be; or the intent has failed. */
  readonly eventCount: number;
}

/** What its caller was told, and is told again. */
export interface RequestAnswered {
  readonly type: 'RequestAnswered';
  /** Sealed: an answer may hold a secret. */
  readonly sealedAnswer: string;
}

/** A day has gone by: the key is as good as new. */
export interface RequestForgotten {
  readonly type: 'RequestForgotten';
  readonly begunAtMs: number;
}

export type RequestEvent = RequestBegun | RequestTookEffect | RequestAnswered | RequestForgotten;
