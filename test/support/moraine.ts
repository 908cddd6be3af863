import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { CommandBus, QueryBus, type Command, type Query } from '@nestjs/cqrs';
import { LOCAL_BLOCK_STORE } from '../../src/api/settings.js';
import { AdaptersModule, type Adapters } from '../../src/app/adapters.module.js';
import { AesSecrets } from '../../src/app/aes-secrets.js';
import { CommandsModule } from '../../src/app/commands.module.js';
import { createApp } from '../../src/app/create-app.js';
import { openPostgresStores } from '../../src/app/postgres-stores.js';
import { MomentsModule, USUAL_MOMENT_LIMITS } from '../../src/app/moments.module.js';
import { QueriesModule } from '../../src/app/queries.module.js';
import { RandomIds } from '../../src/app/random-ids.js';
import { SigningModule } from '../../src/app/signing.module.js';
import { SystemClock } from '../../src/app/system-clock.js';
import { MemoryBlockStore } from '../../src/block-adapter/memory-block-store.js';
import { LocalBlockStore } from '../../src/block-adapter/local-block-store.js';
import { Intents } from '../../src/commands/branch/intents.js';
import { HelpPending, type HelpLimits } from '../../src/commands/help-pending.js';
import { ImportJobs } from '../../src/commands/import/import-jobs.js';
import { Jobs, type JobLimits } from '../../src/commands/jobs.js';
import { RepositoryDeletion } from '../../src/commands/repository/repository-deletion.js';
import { Sweep } from '../../src/commands/sweep.js';
import type { Request } from '../../src/commands/request.js';
import { BlockCommittedStore } from '../../src/committed/block-committed-store.js';
import type { UserId } from '../../src/domain/model.js';
import { MemoryEventLog } from '../../src/event-log/memory-event-log.js';
import { MemoryKvStore } from '../../src/kv-adapter/memory-kv-store.js';
import { MemoryViewSlots } from '../../src/kv-adapter/memory-view-slots.js';
import type { Clock } from '../../src/ports/clock.js';
import type { ViewSlots } from '../../src/ports/view-slots.js';
import { allProjections, inlineProjection } from '../../src/projections/all-projections.js';
import { Rebuilder } from '../../src/projections/rebuild.js';
import type { TestDatabase } from './postgres.js';

/** The whole service without its edge: buses, over stores that outlive a restart. */
export interface TestMoraine {
  execute<Result>(command: Command<Result>): Promise<Result>;
  ask<Result>(query: Query<Result>): Promise<Result>;
  newRequest(): Request;
  readonly adapters: Adapters;
  readonly rebuilder: Rebuilder;
  /** Looks once over everything, as the sweeper does now and then. */
  sweep(): Promise<void>;
  /** Returns what completes intents here that nobody else completes. */
  helper(limits: HelpLimits, clock: Clock): HelpPending;
  /** Returns what works here on imports that nobody has worked on for as long as it is told. */
  importer(limits: JobLimits): Jobs;
  /** Looks once for jobs that nobody works on, and waits for those that this node works on. */
  finishJobs(): Promise<void>;
  /** Throws every cache and every connection away, and opens the same stores again. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

interface Stores {
  readonly adapters: Adapters;
  readonly slots: ViewSlots;
  close(): Promise<void>;
}

const SECRET_KEY = 'a secret key for tests alone';
const moments = MomentsModule.with(USUAL_MOMENT_LIMITS);
const signing = SigningModule.with({
  sessionTtlMs: 60_000,
  presignTtlMs: 60_000,
  addressTokenTtlMs: 60_000,
});

/** Nothing of it outlives the process. */
export function inMemory(
  wrap: (adapters: Adapters) => Adapters = (adapters) => adapters,
): Promise<TestMoraine> {
  const kv = new MemoryKvStore();
  const slots = new MemoryViewSlots(kv);
  const project = inlineProjection();
  const log = new MemoryEventLog({ kv, project });
  const clock = new SystemClock();
  const blocks = new MemoryBlockStore(clock);
  const ids = new RandomIds(clock);
  return moraineOver(async () => {
    const committed = new BlockCommittedStore(blocks, undefined);
    const secrets = new AesSecrets(SECRET_KEY);
    const adapters = wrap({ log, kv, blocks, committed, clock, ids, secrets });
    return { adapters, slots, close: () => committed.close() };
  });
}

/** On a real database and a real folder, which goes when it is closed. */
export async function onPostgres({ connection }: TestDatabase): Promise<TestMoraine> {
  const folder = await mkdtemp(join(tmpdir(), 'moraine-objects-'));
  const moraine = await nodeOn({ connection, folder });
  const close = async () => {
    await moraine.close();
    await rm(folder, { recursive: true, force: true });
  };
  return Object.assign(Object.create(moraine) as TestMoraine, { close });
}

/** One node over a database and a folder that others may use too. */
export function nodeOn(
  { connection, folder }: { connection: ClientConfig; folder: string },
  wrap: (adapters: Adapters) => Adapters = (adapters) => adapters,
): Promise<TestMoraine> {
  const clock = new SystemClock();
  const ids = new RandomIds(clock);
  return moraineOver(async () => {
    const stores = await openPostgresStores({ connection, project: inlineProjection() });
    // Beside what it keeps itself lies what it may import.
    const imports = { folders: [importsBeside(folder)], except: [folder] };
    const blocks = await LocalBlockStore.open({ root: folder, onSyncFailed: fail, imports });
    const committed = new BlockCommittedStore(blocks, undefined);
    const { log, kv, slots } = stores;
    const secrets = new AesSecrets(SECRET_KEY);
    const close = async () => {
      await committed.close();
      await stores.close();
    };
    const adapters = wrap({ log, kv, blocks, committed, clock, ids, secrets });
    return { adapters, slots, close };
  });
}

/** Returns the folder that a node imports from. */
export const importsBeside = (folder: string): string => `${folder}-imports`;

const fail = (error: unknown): never => {
  throw error;
};

async function moraineOver(open: () => Promise<Stores>): Promise<TestMoraine> {
  let requests = 0;
  const start = async () => {
    const stores = await open();
    const { adapters, slots } = stores;
    const app = await createApp({
      providers: [],
      imports: [AdaptersModule.of(adapters), signing, moments, QueriesModule, CommandsModule],
      edge: {
        version: '0.0.0',
        blockStore: LOCAL_BLOCK_STORE,
        addressTokenTtlMs: 1,
        publicUrl: undefined,
        nowMs: () => adapters.clock.nowMs(),
        newCommandId: () => adapters.ids.commandId(),
      },
      logger: false,
    });
    const rebuilder = new Rebuilder(adapters.log, slots, allProjections);
    return { stores, app, rebuilder, commands: app.get(CommandBus), queries: app.get(QueryBus) };
  };
  let running = await start();
  const stop = async () => {
    await running.app.get(Jobs).stop();
    await running.app.close();
    await running.stores.close();
  };
  return {
    execute: (command) => running.commands.execute(command),
    ask: (query) => running.queries.execute(query),
    newRequest: () => ({
      caller: { user: 'tester' as UserId, requestId: `test-${++requests}` },
      commandId: running.stores.adapters.ids.commandId(),
    }),
    get adapters() {
      return running.stores.adapters;
    },
    get rebuilder() {
      return running.rebuilder;
    },
    sweep: async () => {
      const { app, stores } = running;
      const intents = app.get(Intents);
      const deletion = app.get(RepositoryDeletion);
      await new Sweep(stores.adapters, intents, deletion, { dropGraceMs: 0 }).run();
    },
    helper: (limits, clock) => {
      const { app, stores } = running;
      return new HelpPending({ ...stores.adapters, clock }, app.get(Intents), limits);
    },
    importer: (limits) => {
      const { ids, clock } = running.stores.adapters;
      const kinds = [running.app.get(ImportJobs)];
      // What passes by itself is met again.
      return new Jobs(ids.commandId(), kinds, clock, limits, () => undefined);
    },
    finishJobs: async () => {
      const jobs = running.app.get(Jobs);
      await jobs.look();
      await jobs.idle();
    },
    restart: async () => {
      await stop();
      running = await start();
    },
    close: stop,
  };
}
