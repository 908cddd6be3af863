import { randomBytes } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { LOCAL_BLOCK_STORE } from '../../src/api/settings.js';
import { AdaptersModule, type Adapters } from '../../src/app/adapters.module.js';
import { AesSecrets } from '../../src/app/aes-secrets.js';
import { CommandsModule } from '../../src/app/commands.module.js';
import { createApp } from '../../src/app/create-app.js';
import { MomentsModule, USUAL_MOMENT_LIMITS } from '../../src/app/moments.module.js';
import { QueriesModule } from '../../src/app/queries.module.js';
import { RandomIds } from '../../src/app/random-ids.js';
import { SigningModule } from '../../src/app/signing.module.js';
import { MemoryBlockStore } from '../../src/block-adapter/memory-block-store.js';
import { SweepUploads } from '../../src/commands/multipart/sweep-uploads.js';
import { BlockCommittedStore } from '../../src/committed/block-committed-store.js';
import type { Clock } from '../../src/ports/clock.js';
import { inlineProjection } from '../../src/projections/all-projections.js';
import { openTestLog } from '../support/test-store.js';
import { json } from './running-edge.js';

export const SESSION_TTL_MS = 7 * 24 * 60 * 60 * 1000;
export const PRESIGN_TTL_MS = 15 * 60 * 1000;
export const ADDRESS_TTL_MS = 24 * 60 * 60 * 1000;
export const PAIR = { id: 'AKIAJTESTTESTTESTQ', secret: 'a secret of the administrator' };

/** Time that stands still until a test lets it go on. */
export class SetClock implements Clock {
  ms = Date.UTC(2026, 0, 1);

  nowMs(): number {
    return this.ms;
  }

  async sleep(ms: number): Promise<void> {
    this.ms += ms;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * Nodes of one installation, with nothing stood in for but the time; objects are in memory, log and
 * views where `TEST_EVENT_LOG` says.
 */
export interface SignedNodes {
  readonly clock: SetClock;
  readonly adapters: Adapters;
  /** A node on a socket; of another secret key it reads nothing that the first ones have signed. */
  start(secretKey?: string, publicUrl?: string): Promise<SignedNode>;
  close(): Promise<void>;
}

export class SignedNode {
  constructor(
    readonly url: string,
    private readonly app: NestFastifyApplication,
  ) {}

  /** Asks as the administrator, unless the headers say otherwise. */
  call(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}/api/v1${path}`, {
      redirect: 'manual',
      ...init,
      headers: { authorization: BASIC, ...Object.fromEntries(new Headers(init.headers)) },
    });
  }

  /** Asks, and returns status and JSON. */
  async ask<Json = { readonly message: string }>(
    path: string,
    init?: RequestInit,
  ): Promise<[status: number, json: Json]> {
    const response = await this.call(path, init);
    const text = await response.text();
    return [response.status, (text === '' ? undefined : JSON.parse(text)) as Json];
  }

  sweepUploads(): Promise<void> {
    return this.app.get(SweepUploads).run();
  }

  close(): Promise<void> {
    this.app.getHttpServer().closeAllConnections();
    return this.app.close();
  }
}

export const BASIC = `Basic ${Buffer.from(`${PAIR.id}:${PAIR.secret}`).toString('base64')}`;
const SECRET_KEY = 'a secret key for tests alone';

/** Starts one node, with an administrator and a repository `lake` that has a branch `main`. */
export async function signedNodes(): Promise<SignedNodes & { readonly node: SignedNode }> {
  const clock = new SetClock();
  const { log, kv, close } = await openTestLog(inlineProjection());
  const blocks = new MemoryBlockStore(clock);
  const stores = {
    log,
    kv,
    blocks,
    committed: new BlockCommittedStore(blocks, undefined),
    clock,
    ids: new RandomIds(clock),
  };
  const adapters = { ...stores, secrets: new AesSecrets(SECRET_KEY) };
  const running: SignedNode[] = [];
  const start = async (secretKey = SECRET_KEY, publicUrl?: string) => {
    const secrets = new AesSecrets(secretKey);
    const node = await nodeOver({ ...stores, secrets }, publicUrl);
    running.push(node);
    return node;
  };
  const node = await start();
  const key = { access_key_id: PAIR.id, secret_access_key: PAIR.secret };
  await expectStatus(200, node.call('/setup_lakefs', json({ username: 'admin', key })));
  const namespace = `local://lake-${randomBytes(4).toString('hex')}`;
  const lake = json({ name: 'lake', storage_namespace: namespace });
  await expectStatus(201, node.call('/repositories', lake));
  return {
    clock,
    adapters,
    node,
    start,
    close: async () => {
      for (const each of running) await each.close();
      await stores.committed.close();
      await close();
    },
  };
}

async function nodeOver(adapters: Adapters, publicUrl: string | undefined): Promise<SignedNode> {
  const app = await createApp({
    providers: [],
    imports: [
      AdaptersModule.of(adapters),
      SigningModule.with({
        sessionTtlMs: SESSION_TTL_MS,
        presignTtlMs: PRESIGN_TTL_MS,
        addressTokenTtlMs: ADDRESS_TTL_MS,
      }),
      MomentsModule.with(USUAL_MOMENT_LIMITS),
      QueriesModule,
      CommandsModule,
    ],
    edge: {
      version: '1.84.0',
      blockStore: LOCAL_BLOCK_STORE,
      addressTokenTtlMs: ADDRESS_TTL_MS,
      publicUrl,
      nowMs: () => adapters.clock.nowMs(),
      newCommandId: () => adapters.ids.commandId(),
    },
    logger: false,
  });
  await app.listen(0, '127.0.0.1');
  return new SignedNode(await app.getUrl(), app);
}

async function expectStatus(status: number, response: Promise<Response>): Promise<void> {
  const got = await response;
  if (got.status !== status) throw new Error(`${got.status}: ${await got.text()}`);
}
