/** A request as it ended: what its log line and its figures are made of. */
export interface EndedRequest {
  readonly requestId: string;
  /** Of the trace that it belongs to; undefined: it is not traced. */
  readonly traceId: string | undefined;
  readonly method: string;
  /** One of a bounded set: an `operationId`, an S3 operation, a page; `none` of no endpoint. */
  readonly operation: string;
  /** The route as the router has it, with names in place of values; "" of no endpoint. */
  readonly route: string;
  /** 499: the client went before it had an answer. */
  readonly status: number;
  /** From the end of its headers to the end of its answer. */
  readonly tookMs: number;
  /** On the wire, headers included. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Undefined: nobody was known, or nobody needed to be. */
  readonly user: string | undefined;
  readonly repository: string | undefined;
  /** The connection broke before the answer was whole. */
  readonly isCut: boolean;
}

/** Hears of every request. Must not throw, and must be quick: it is on the way of all of them. */
export interface RequestWatcher {
  begun(): void;
  ended(request: EndedRequest): void;
}
