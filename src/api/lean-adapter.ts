import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';

/**
 * Nest's adapter without the seven hooks that it puts around each request: they stand for what this
 * edge has none of (versions, CORS, CSRF, middleware). What one of them does all the same,
 * {@link isTarget} says.
 */
export class LeanAdapter extends FastifyAdapter {
  /** Called once, while Nest's part of it is made. */
  override setInstance<Instance>(instance: Instance): void {
    super.setInstance(instance);
    const server = this.getInstance<FastifyInstance>();
    addHookOf.set(server, server.addHook);
    server.addHook = () => server;
  }

  /** Called once it is made: from here on hooks are taken. */
  takeHooks(): void {
    const server = this.getInstance<FastifyInstance>();
    const addHook = addHookOf.get(server);
    if (addHook) server.addHook = addHook;
  }
}

/** Returns whether a request asks for something of this server: of `*` there is nothing. */
export function isTarget(url: string): boolean {
  return url.charCodeAt(0) === SLASH || absolute.test(url);
}

/** No field of the class: it would be made only after Nest's part. */
const addHookOf = new WeakMap<FastifyInstance, FastifyInstance['addHook']>();
const SLASH = 0x2f;
const absolute = /^https?:\/\/[^/]/i;
