import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { type Provider, type Type } from '@nestjs/common';
import { Command, CommandHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ApiDocument } from '../../src/api/openapi/api-document.js';
import type { OpenApiDocument } from '../../src/api/openapi/document-shapes.js';
import { EdgeSettings, LOCAL_BLOCK_STORE } from '../../src/api/settings.js';
import { createApp } from '../../src/app/create-app.js';
import { Authenticator, type Session, type UserRecord } from '../../src/auth/authenticator.js';
import { BlockUrls } from '../../src/auth/block-urls.js';
import { SessionTokens } from '../../src/auth/session-tokens.js';
import { DomainError } from '../../src/domain/errors.js';
import type { CommandId, UserId } from '../../src/domain/model.js';
import { KeptContract } from './kept-contract.js';

/** The edge on a socket, with stand-ins behind its buses until a test says otherwise. */
export interface RunningEdge {
  readonly url: string;
  readonly port: number;
  /** Every command and query that came through, oldest first. */
  readonly seen: object[];
  /** What the log was told as an error. */
  readonly logged: string[];
  /** Every route that the router really has: `GET /api/v1/user`. */
  readonly routes: readonly string[];
  readonly authenticator: KeyPairs;
  /** How often the time went on. */
  nowMs: number;
  /** Answers a command or query from here on. */
  answer<Asked extends object>(type: Type<Asked>, answer: Answer<Asked>): void;
  /** The last of a type that came through. */
  last<Asked extends object>(type: abstract new (...args: never[]) => Asked): Asked;
  /** Asks as the one who is known; an answer that `/openapi.json` does not tell of throws. */
  call(path: string, init?: RequestInit & { duplex?: 'half' }): Promise<Response>;
  /** Ends it as a server ends. */
  end(): Promise<void>;
  /** Ends it with whatever hangs. */
  close(): Promise<void>;
}

type Answer<Asked> = (asked: Asked) => unknown;

export const KEY = { id: 'AKIAJTESTTESTTESTQ', secret: 'a secret: with a colon' };
export const BASIC = `Basic ${Buffer.from(`${KEY.id}:${KEY.secret}`).toString('base64')}`;

export const SESSION_TTL_MS = 7 * 86_400_000;
export const PRESIGN_TTL_MS = 900_000;
const SIGNING_KEY = new Uint8Array(32).fill(7);

/** Knows one pair, and counts how often it was asked. */
class KeyPairs extends Authenticator {
  asked = 0;
  isInitialized = true;
  failsWith: Error | undefined;

  constructor(private readonly sessions: SessionTokens) {
    super();
  }

  async byKeyPair(accessKeyId: string, secretAccessKey: string): Promise<UserRecord> {
    this.asked++;
    if (this.failsWith !== undefined) throw this.failsWith;
    if (accessKeyId !== KEY.id || secretAccessKey !== KEY.secret) {
      throw new DomainError('authentication_failed');
    }
    return { id: 'ada' as UserId, createdAtMs: 1_700_000_000_123 };
  }

  async bySession(token: string): Promise<UserRecord & { expiresAtMs: number }> {
    if (this.failsWith !== undefined) throw this.failsWith;
    const { user, expiresAtMs } = await this.sessions.read(token);
    return { id: user, createdAtMs: 1_700_000_000_123, expiresAtMs };
  }

  startSession({ id }: UserRecord): Promise<Session> {
    return this.sessions.issue(id);
  }

  async setupState() {
    if (this.failsWith !== undefined) throw this.failsWith;
    return { isInitialized: this.isInitialized };
  }
}

/** @param answers  by the type of the command or query */
export async function runEdge(answers: ReadonlyMap<Type<object>, Answer<never>>) {
  const table = new Map(answers);
  const state = {
    seen: new Array<object>(),
    logged: new Array<string>(),
    routes: new Array<string>(),
    nowMs: 1000,
  };
  const nowMs = () => state.nowMs;
  const key = SIGNING_KEY;
  const authenticator = new KeyPairs(
    new SessionTokens({ key, ttlMs: SESSION_TTL_MS, nowMs, newId: () => 'session' }),
  );
  const take = (asked: object): unknown => {
    state.seen.push(asked);
    const answer = table.get(asked.constructor as Type<object>) as Answer<object> | undefined;
    if (answer === undefined) throw new Error(`nobody answers ${asked.constructor.name}`);
    return answer(asked);
  };
  const say = (message: unknown) => void state.logged.push(String(message));
  const app = await createApp({
    providers: [
      { provide: Authenticator, useValue: authenticator },
      { provide: BlockUrls, useValue: new BlockUrls({ key, ttlMs: PRESIGN_TTL_MS, nowMs }) },
      ...[...table.keys()].map((type) => handlerOf(type, take)),
    ],
    edge: settings(nowMs),
    http: {
      extend: (server) =>
        void server.addHook('onRoute', ({ method, url }) => {
          for (const each of [method].flat()) state.routes.push(`${each} ${url}`);
        }),
    },
    logger: { log: () => {}, warn: say, error: say },
  });
  await app.listen(0, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  const contract = new KeptContract(JSON.parse(app.get(ApiDocument).json) as OpenApiDocument);
  const edge: RunningEdge = Object.assign(state, {
    url,
    port: Number(new URL(url).port),
    authenticator,
    answer: (type: Type<object>, answer: Answer<never>) => void table.set(type, answer),
    last<Asked extends object>(type: abstract new (...args: never[]) => Asked): Asked {
      const found = state.seen.findLast((each) => each instanceof type);
      if (found === undefined) throw new Error(`no ${type.name} came through`);
      return found as Asked;
    },
    call: async (path: string, init: RequestInit = {}) => {
      const response = await fetch(url + path, {
        redirect: 'manual',
        ...init,
        headers: { authorization: BASIC, ...Object.fromEntries(new Headers(init.headers)) },
      });
      await contract.check(init.method ?? 'GET', path, response);
      return response;
    },
    end: () => app.close(),
    close: () => {
      app.getHttpServer().closeAllConnections();
      return app.close();
    },
  });
  return edge;
}

function settings(nowMs: () => number): EdgeSettings {
  let commands = 0;
  return {
    version: '1.84.0',
    blockStore: LOCAL_BLOCK_STORE,
    addressTokenTtlMs: 86_400_000,
    publicUrl: undefined,
    nowMs,
    newCommandId: () => `command-${++commands}` as CommandId,
  };
}

function handlerOf(type: Type<object>, take: (asked: object) => unknown): Provider {
  class Handler {
    async execute(asked: object): Promise<unknown> {
      return take(asked);
    }
  }
  if (type.prototype instanceof Command) CommandHandler(type as never)(Handler);
  else if (type.prototype instanceof Query) QueryHandler(type as never)(Handler);
  else throw new Error(`${type.name} is neither a command nor a query`);
  return Handler;
}

export function json(body: unknown, method = 'POST'): RequestInit {
  return {
    method,
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}

export const bytesOf = (text: string): Readable => Readable.from([Buffer.from(text)]);

/** Waits for what another side of a socket brings about. */
export async function until(fact: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !fact(); tries++) await delay(10);
  expect(fact()).toBe(true);
}

/** Status and JSON of an answer, which must be marked as JSON and nothing else. */
export async function told(response: Response): Promise<[number, unknown]> {
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
  return [response.status, await response.json()];
}

/** Status of an answer that has no body and says so. */
export async function silent(response: Response): Promise<number> {
  expect(await response.text()).toBe('');
  expect(response.headers.get('content-type')).toBeNull();
  return response.status;
}

/** Status and message of an answer that must be an error as the contract has them. */
export async function refusal(response: Response): Promise<[number, string]> {
  const [status, body] = await told(response);
  expect(body).toEqual({ message: expect.any(String) });
  return [status, (body as { message: string }).message];
}
