import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind as Kind,
  type SpanContext,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer as ApiTracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { SpanAttributes, SpanStart, TracedSpan, Tracer } from './tracer.js';

export interface OtlpOptions {
  /** As http://127.0.0.1:4318/v1/traces */
  readonly url: string;
  /** 0 … 1 of the requests that no caller has decided on. */
  readonly ratio: number;
  readonly version: string;
  /** Returns 0 … 1, each as likely. */
  readonly random: () => number;
}

/** Spans that wait to be sent; one more is dropped, and no request waits for it. */
const WAITING_SPANS_MAX = 8_192;
const SEND_EVERY_MS = 1_000;

/** Sends traces by OTLP over HTTP, in batches, beside the requests. */
export class OtlpTracer implements Tracer {
  readonly #provider: TracerProvider;
  readonly #tracer: ApiTracer;
  readonly #running = new AsyncLocalStorage<OtlpSpan>();

  /** Returns whether to keep a trace that no caller has decided on. */
  readonly #isChosen: () => boolean;

  constructor({ url, ratio, version, random }: OtlpOptions) {
    this.#isChosen = () => random() < ratio;
    const service = { 'service.name': 'moraine', 'service.version': version };
    this.#provider = new TracerProvider({
      resource: defaultResource().merge(resourceFromAttributes(service)),
      spanProcessors: [
        new BatchSpanProcessor({
          exporter: new OTLPTraceExporter({ url }),
          maxQueueSize: WAITING_SPANS_MAX,
          scheduledDelayMillis: SEND_EVERY_MS,
        }),
      ],
    });
    this.#tracer = this.#provider.getTracer('moraine', version);
  }

  // Decided here: to begin and end a span that nobody keeps costs as much as a line in the log.
  begin(start: () => SpanStart, traceparent: string | undefined): TracedSpan | undefined {
    const remote = traceparent === undefined ? undefined : spanContextOf(traceparent);
    if (!remote) return this.#isChosen() ? this.#start(start(), ROOT_CONTEXT) : undefined;
    if ((remote.traceFlags & TraceFlags.SAMPLED) === 0) return undefined;
    return this.#start(start(), trace.setSpanContext(ROOT_CONTEXT, remote));
  }

  within<Result>(span: TracedSpan, work: () => Result): Result {
    return span instanceof OtlpSpan ? this.#running.run(span, work) : work();
  }

  child(start: SpanStart): TracedSpan | undefined {
    const parent = this.#running.getStore();
    return parent && this.#start(start, parent.context);
  }

  current(): TracedSpan | undefined {
    return this.#running.getStore();
  }

  shared(start: SpanStart, of: readonly TracedSpan[]): TracedSpan | undefined {
    const [first, ...others] = of.filter((span) => span instanceof OtlpSpan);
    if (first === undefined) return undefined;
    const links = others.map(({ span }) => ({ context: span.spanContext() }));
    return this.#start(start, first.context, links);
  }

  close(): Promise<void> {
    return this.#provider.shutdown();
  }

  #start(
    { name, kind, attributes = {} }: SpanStart,
    parent: Context,
    links: { context: SpanContext }[] = [],
  ): OtlpSpan {
    const options = { kind: KINDS[kind], attributes, links };
    return new OtlpSpan(this.#tracer.startSpan(name, options, parent));
  }
}

class OtlpSpan implements TracedSpan {
  constructor(readonly span: Span) {}

  get traceId(): string {
    return this.span.spanContext().traceId;
  }

  get context(): Context {
    return trace.setSpan(ROOT_CONTEXT, this.span);
  }

  set(attributes: SpanAttributes): void {
    this.span.setAttributes({ ...attributes });
  }

  end(error?: unknown): void {
    if (error !== undefined) {
      // Its kind alone: a message may hold what somebody has sent.
      const message = error instanceof Error ? error.name : 'error';
      this.span.setStatus({ code: SpanStatusCode.ERROR, message });
    }
    this.span.end();
  }
}

/** Reads a W3C `traceparent`; undefined when it is none. */
function spanContextOf(traceparent: string): SpanContext | undefined {
  const [, version, traceId = '', spanId = '', flags = ''] =
    /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-|$)/.exec(traceparent) ?? [];
  // A version that is not known yet is read as far as this one goes; `ff` is none.
  if (version === undefined || version === 'ff') return undefined;
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  return isSpanContextValid(context) ? context : undefined;
}

const KINDS = {
  server: Kind.SERVER,
  internal: Kind.INTERNAL,
  client: Kind.CLIENT,
} as const;
