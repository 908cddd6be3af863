import { CommandBus } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { LOCAL_BLOCK_STORE, type EdgeSettings } from '../api/settings.js';
import { Authenticator } from '../auth/authenticator.js';
import { SetUp } from '../commands/auth/set-up.js';
import { listenAddress, type ServerConfig } from '../config/server.config.js';
import { DomainError } from '../domain/errors.js';
import type { UserId } from '../domain/model.js';
import { NestLogger } from '../observability/nest-logger.js';
import { allProjections } from '../projections/all-projections.js';
import { Rebuilder } from '../projections/rebuild.js';
import { assert } from '../shared/assert.js';
import { AdaptersModule, type Adapters } from './adapters.module.js';
import { CommandsModule } from './commands.module.js';
import { createApp } from './create-app.js';
import { openStores, type OpenStores } from './open-stores.js';
import { QueriesModule } from './queries.module.js';
import type { AdminBanner, AppSurroundings, RunningApp } from './running-app.js';
import { assertSecretKey } from './secret-fingerprint.js';
import { SigningModule } from './signing.module.js';
import { Sweeper } from './sweeper.js';
import { API_VERSION } from './versions.js';
import { WorkersModule } from './workers.module.js';

const ADMIN = 'admin' as UserId;

/** Opens the stores and builds the application over them. */
export async function openApp(surroundings: AppSurroundings): Promise<RunningApp> {
  const stores = await openStores(surroundings);
  try {
    const { kv, secrets } = stores.adapters;
    await assertSecretKey(kv, secrets);
    await bringViewsUpToDate(stores, surroundings);
    return await build(stores, surroundings);
  } catch (error) {
    await stores.close();
    throw error;
  }
}

async function bringViewsUpToDate(
  { adapters, slots }: OpenStores,
  { logger }: AppSurroundings,
): Promise<void> {
  const rebuilder = new Rebuilder(adapters.log, slots, allProjections);
  for (const { projection, events } of await rebuilder.bringUpToDate()) {
    logger.info({ projection, events }, 'a view was built anew');
  }
}

async function build(stores: OpenStores, { config, logger }: AppSurroundings): Promise<RunningApp> {
  const { adapters } = stores;
  const app = await createApp({
    providers: [],
    imports: [
      AdaptersModule.of(adapters),
      SigningModule.with(config),
      QueriesModule,
      CommandsModule,
      WorkersModule.with((error) => logger.error({ err: error }, 'a sweep failed')),
    ],
    edge: edgeOf(adapters, config),
    logger: new NestLogger(logger),
  });
  const adminBanner = await setUp(app, config, adapters);
  const sweeper = app.get(Sweeper);
  sweeper.start();
  return {
    adminBanner,
    listen: () => listen(app, config),
    close: async () => {
      await app.close();
      await sweeper.stop();
      await stores.close();
    },
  };
}

const edgeOf = (
  { clock, ids }: Adapters,
  { addressTokenTtlMs, publicUrl, importEnabled }: ServerConfig,
): EdgeSettings => ({
  version: API_VERSION,
  blockStore: { ...LOCAL_BLOCK_STORE, isImportEnabled: importEnabled },
  addressTokenTtlMs,
  publicUrl,
  nowMs: () => clock.nowMs(),
  newCommandId: () => ids.commandId(),
});

async function listen(app: NestFastifyApplication, config: ServerConfig): Promise<string> {
  const address = listenAddress(config.listen);
  assert(address, 'the configuration was validated');
  await app.listen(address.port, address.host);
  return app.getUrl();
}

/** Makes the administrator on the first run; returns the keys when nobody has chosen them. */
async function setUp(
  app: NestFastifyApplication,
  { setup, adminAccessKeyId, adminSecretAccessKey }: ServerConfig,
  { ids }: Adapters,
): Promise<AdminBanner | undefined> {
  if (setup === 'api') return undefined;
  if ((await app.get(Authenticator).setupState()).isInitialized) return undefined;
  const key =
    adminAccessKeyId !== undefined && adminSecretAccessKey !== undefined
      ? { accessKeyId: adminAccessKeyId, secretAccessKey: adminSecretAccessKey }
      : undefined;
  const commandId = ids.commandId();
  const request = { caller: { user: ADMIN, requestId: `setup-${commandId}` }, commandId };
  try {
    const made = await app.get(CommandBus).execute(new SetUp({ user: ADMIN, key }, request));
    return key ? undefined : made;
  } catch (error) {
    // Another node was faster.
    if (error instanceof DomainError && error.code === 'already_initialized') return undefined;
    throw error;
  }
}
