import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';

export interface PatienceLimits {
  /** For a body of JSON, from the end of its headers. */
  readonly bodyMsMax: number;
  /** Over how long the bytes of an upload or an answer are counted. */
  readonly stallMsMax: number;
  /** An upload or an answer that moves fewer is ended; one that moves these may take for ever. */
  readonly bytesPerSecondMin: number;
}

interface Open {
  readonly request: FastifyRequest;
  readonly response: ServerResponse;
  readonly isUpload: boolean;
  readonly beganAtMs: number;
  /** Since when nobody but the client keeps it waiting, and what had moved then. */
  sinceMs: number;
  movedBytes: number;
  /** Its place among all that are open; -1: it has ended. */
  at: number;
}

/**
 * Ends requests whose clients neither send nor read, so that a few of them cannot hold every place
 * there is. Whoever moves is never ended, however long it takes; nor is one whom we keep waiting.
 */
export class SlowClients {
  /**
   * In no order. No `Set`: with what comes and goes all the time that leaves tables behind, which
   * keep whatever they held, request after request, until the whole heap is looked through.
   */
  readonly #open: Open[] = [];
  /** Answered, with the rest of their bodies still to come; in the order of their times. */
  readonly #leaving: Leaving[] = [];

  /** @param elapsedMs  a clock that only goes forward */
  constructor(
    private readonly limits: PatienceLimits,
    private readonly elapsedMs: () => number,
  ) {}

  /**
   * @param isUpload  its body is a stream of any length
   * @returns to be called when it has ended
   */
  watch(request: FastifyRequest, reply: FastifyReply, isUpload: boolean): () => void {
    const beganAtMs = this.elapsedMs();
    const { raw: response } = reply;
    const open: Open = {
      request,
      response,
      isUpload,
      beganAtMs,
      sinceMs: beganAtMs,
      movedBytes: 0,
      at: this.#open.length,
    };
    this.#open.push(open);
    return () => this.#forget(open);
  }

  #forget(open: Open): void {
    const { at } = open;
    if (at < 0) return;
    open.at = -1;
    const last = this.#open.pop();
    if (last === undefined || last === open) return;
    last.at = at;
    this.#open[at] = last;
  }

  /** Reads the rest of a body away for a while, and then closes its connection. */
  letGo(request: IncomingMessage): void {
    // A small body is in the bytes that its headers came with: it is there in a moment.
    queueMicrotask(() => {
      if (request.complete) return;
      request.resume();
      this.#leaving.push({ request, untilMs: this.elapsedMs() + LINGER_MS });
    });
  }

  /** Looks at all who are under way; to be called now and then. */
  check(): void {
    const nowMs = this.elapsedMs();
    const staying = this.#leaving.findIndex(({ untilMs }) => untilMs > nowMs);
    const over = this.#leaving.splice(0, staying < 0 ? this.#leaving.length : staying);
    for (const { request } of over) if (!request.complete) request.socket.destroy();
    // From the end: one that goes is replaced by one that was looked at.
    for (let at = this.#open.length - 1; at >= 0; at--) {
      const open = this.#open[at];
      if (open && this.#isTooSlow(open, nowMs)) end(open);
    }
  }

  #isTooSlow(open: Open, nowMs: number): boolean {
    const { bodyMsMax, stallMsMax, bytesPerSecondMin } = this.limits;
    const awaits = awaited(open);
    if (awaits === 'body' && !open.isUpload) return nowMs - open.beganAtMs >= bodyMsMax;
    const movedBytes = movedOver(open);
    const waitedMs = nowMs - open.sinceMs;
    if (awaits !== undefined && waitedMs < stallMsMax) return false;
    const isSlow = (movedBytes - open.movedBytes) * 1000 < bytesPerSecondMin * waitedMs;
    open.sinceMs = nowMs;
    open.movedBytes = movedBytes;
    return awaits !== undefined && isSlow;
  }
}

interface Leaving {
  readonly request: IncomingMessage;
  readonly untilMs: number;
}

/** So that a client which is still sending hears why before its connection goes. */
const LINGER_MS = 2_000;

/** What we wait for the client to do; undefined: it waits for us. */
function awaited({ request, response }: Open): 'body' | 'reading' | undefined {
  const { raw } = request;
  // What has come in and was not taken yet is our affair.
  if (!raw.complete && raw.readableLength === 0 && !response.headersSent) return 'body';
  if (response.headersSent && raw.socket.writableLength > 0) return 'reading';
  return undefined;
}

/** Both ways together: whatever moves is a sign of life. */
function movedOver({ request }: Open): number {
  const { socket } = request.raw;
  return socket.bytesRead + socket.bytesWritten - socket.writableLength;
}

function end({ request, response }: Open): void {
  const { socket } = request.raw;
  // Of an answer that is not read the rest would never go out.
  if (response.headersSent || !socket.writable) return void socket.destroy();
  const body = JSON.stringify({ message: 'the request took too long to arrive' });
  const lines = [
    'HTTP/1.1 408 Request Timeout',
    'content-type: application/json',
    'x-content-type-options: nosniff',
    `x-request-id: ${request.id}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}
