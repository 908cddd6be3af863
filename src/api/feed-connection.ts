import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import { DomainError } from '../domain/errors.js';
import type { FeedEnd, FeedSink } from '../queries/feed/feed-consumer.js';
import type { Following } from '../queries/feed/feed-hub.js';
import type { OpenedFeed } from '../queries/feed/open-feed.js';
import { clientOf, type EdgeRequest } from './caller.js';
import { leaveLimits } from './edge-limits.js';
import { beatFrame, openingFrame } from './feed-frames.js';
import type { KnownCallers } from './known-callers.js';
import { sessionOf } from './session-cookie.js';

/** The answer of a feed, for as long as its client listens. */
export class FeedConnection implements FeedSink {
  readonly #response: ServerResponse;
  #following: Following | undefined;

  constructor(
    private readonly request: EdgeRequest,
    private readonly reply: FastifyReply,
    private readonly callers: Pick<KnownCallers, 'known' | 'find'>,
  ) {
    this.#response = reply.raw;
  }

  /** @param retryMs  after which a client that was cut off is to come again */
  begin(feed: OpenedFeed, retryMs: number): void {
    const { request, reply } = this;
    const response = this.#response;
    if (response.destroyed) return;
    leaveLimits(request);
    const headers = reply.getHeaders();
    reply.hijack();
    response.writeHead(200, {
      ...(headers as Record<string, string>),
      ...HEADERS,
      ...(feed.uid !== undefined && { 'moraine-repository-uid': feed.uid }),
    });
    response.on('error', () => undefined);
    response.write(openingFrame(feed.at, retryMs));
    response.on('drain', () => this.#following?.ready());
    response.once('close', () => this.#following?.leave());
    this.#following = feed.follow(this);
  }

  write(bytes: Uint8Array): boolean {
    return this.#response.write(bytes);
  }

  beat(position: number | undefined): boolean {
    return this.#response.write(beatFrame(position));
  }

  /** As any request: by what it came with. */
  async isAllowed(): Promise<boolean> {
    const { headers } = this.request;
    const header = headers.authorization ?? sessionOf(headers);
    if (header === undefined) return false;
    try {
      if (this.callers.known(header) !== undefined) return true;
      await this.callers.find({ header, client: clientOf(this.request) });
      return true;
    } catch (error) {
      if (error instanceof DomainError && error.code === 'authentication_failed') return false;
      throw error;
    }
  }

  end(why: FeedEnd): void {
    const response = this.#response;
    // The end of an answer that is not read would not be read either.
    if (why === 'stalled') return void response.destroy();
    const isBehind = response.writableNeedDrain;
    response.end();
    if (isBehind) response.setTimeout(STILL_MS_MAX, () => response.destroy());
  }
}

/** How long one that is ended may stand still with something on its way. */
const STILL_MS_MAX = 1_000;
const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  // A proxy that gathers answers would keep events back.
  'x-accel-buffering': 'no',
  // Its connection serves nothing else, so that its end is the end of both.
  connection: 'close',
};
