export type SpanKind = 'server' | 'internal' | 'client';
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A piece of work under way, as a trace will show it. */
export interface TracedSpan {
  /** 32 hex digits. */
  readonly traceId: string;
  set(attributes: SpanAttributes): void;
  /** @param error  left out: it went well */
  end(error?: unknown): void;
}

export interface SpanStart {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes?: SpanAttributes;
}

/**
 * Follows a request through the rooms. Whoever has none wired in pays nothing; of a request that is
 * not sampled no span below the first is begun.
 */
export interface Tracer {
  /**
   * Begins a trace, or goes on with the one that a W3C `traceparent` names.
   *
   * @param start  asked for only if the trace is kept
   * @returns undefined: it is not kept
   */
  begin(start: () => SpanStart, traceparent: string | undefined): TracedSpan | undefined;

  /** Runs work, and all that it awaits, within a span. */
  within<Result>(span: TracedSpan, work: () => Result): Result;

  /** Begins a span below the one that this runs within; undefined when there is none. */
  child(start: SpanStart): TracedSpan | undefined;

  /** What this runs within; to be handed to {@link shared}. */
  current(): TracedSpan | undefined;

  /** Begins a span of work that several do together: a child of the first, linked to the others. */
  shared(start: SpanStart, of: readonly TracedSpan[]): TracedSpan | undefined;

  /** Sends what is left. */
  close(): Promise<void>;
}
