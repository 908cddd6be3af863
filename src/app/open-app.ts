import { lookup } from 'node:dns/promises';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { addLimits } from '../api/edge-limits.js';
import { KnownCallers } from '../api/known-callers.js';
import { RequestWatch } from '../api/request-watch.js';
import { LOCAL_BLOCK_STORE, type EdgeSettings } from '../api/settings.js';
import { Authenticator } from '../auth/authenticator.js';
import { SetUp } from '../commands/auth/set-up.js';
import { listenAddress, type ServerConfig } from '../config/server.config.js';
import { DomainError } from '../domain/errors.js';
import type { UserId } from '../domain/model.js';
import type { Logger } from '../observability/logger.js';
import { NestLogger } from '../observability/nest-logger.js';
import { FeedHub } from '../queries/feed/feed-hub.js';
import { allProjections } from '../projections/all-projections.js';
import { Rebuilder } from '../projections/rebuild.js';
import { assert } from '../shared/assert.js';
import { failpoint } from '../shared/failpoint.js';
import { AdaptersModule, type Adapters } from './adapters.module.js';
import { AuditKeeper } from './audit-keeper.js';
import { CommandsModule } from './commands.module.js';
import { type AppOptions, createApp } from './create-app.js';
import { Limiting } from './limiting.js';
import { addMetricsPage, MetricsServer } from './metrics-server.js';
import { Observing } from './observing.js';
import { FeedModule } from './feed.module.js';
import { JobKeeper } from './job-keeper.js';
import { openStores, type OpenStores } from './open-stores.js';
import { MomentsModule } from './moments.module.js';
import { QueriesModule } from './queries.module.js';
import type { AdminBanner, AppSurroundings, RunningApp } from './running-app.js';
import { drainCheck, ReadyChecks, storeChecks } from './ready-checks.js';
import { assertSecretKey } from './secret-fingerprint.js';
import { assertNoPlainLog } from './plain-log.js';
import { SigningModule } from './signing.module.js';
import { openStreamsEdge, streamsAccess, type StreamsEdge } from './streams-edge.js';
import { Sweeper } from './sweeper.js';
import { traceBus, traceRequests } from './traced-requests.js';
import { API_VERSION } from './versions.js';
import { Helper } from './helper.provider.js';
import { WarmUp } from './warm-up.js';
import { WorkersModule } from './workers.module.js';

const ADMIN = 'admin' as UserId;

/** Opens the stores and builds the application over them. */
export async function openApp(surroundings: AppSurroundings): Promise<RunningApp> {
  const observing = await Observing.open(surroundings.config, surroundings.logger);
  const stores = await openStores(surroundings, observing);
  try {
    const { kv, secrets, log } = stores.adapters;
    await assertNoPlainLog(log);
    await assertSecretKey(kv, secrets);
    await bringViewsUpToDate(stores, surroundings, observing);
    return await build(stores, surroundings, observing);
  } catch (error) {
    await stores.close();
    throw error;
  }
}

async function bringViewsUpToDate(
  { adapters, slots }: OpenStores,
  { logger }: AppSurroundings,
  { metrics }: Observing,
): Promise<void> {
  const rebuilder = new Rebuilder(adapters.log, slots, allProjections);
  for (const { projection, events } of await rebuilder.bringUpToDate()) {
    // On a first start each is, out of nothing: of that there is nothing to say.
    if (events > 0) logger.info({ projection, events }, 'a view was built anew');
    metrics?.views.rebuilt(projection, events);
  }
}

async function build(
  stores: OpenStores,
  { config, data, logger }: AppSurroundings,
  observing: Observing,
): Promise<RunningApp> {
  const { adapters } = stores;
  const limiting = new Limiting(config, observing.metrics?.admission, logger);
  const { isDraining } = limiting.limits;
  const checks = new ReadyChecks([drainCheck(isDraining), ...storeChecks(adapters, data)]);
  const app = await createApp({
    providers: [],
    imports: [
      AdaptersModule.of(adapters),
      SigningModule.with(config),
      MomentsModule.with({ changesMax: config.pastChangesMax, bytesMax: config.pastBytesMax }),
      QueriesModule,
      CommandsModule,
      FeedModule.with(config, observing.metrics?.feeds),
      WorkersModule.with(sweepsHeard(logger, observing)),
    ],
    edge: edgeOf(adapters, config, checks),
    http: httpOf(config, { limiting, observing }),
    logger: new NestLogger(logger),
  });
  observing.metrics?.feeds.follow(() => app.get(FeedHub).counts);
  const adminBanner = await setUp(app, config, adapters);
  if (observing.tracer) {
    for (const bus of [app.get(CommandBus), app.get(QueryBus)]) traceBus(bus, observing.tracer);
  }
  return running(app, { stores, config, logger, observing, limiting, adminBanner });
}

function running(
  app: NestFastifyApplication,
  parts: {
    stores: OpenStores;
    config: ServerConfig;
    logger: Logger;
    observing: Observing;
    limiting: Limiting;
    adminBanner: AdminBanner | undefined;
  },
): RunningApp {
  const { stores, config, logger, observing, limiting, adminBanner } = parts;
  const { metrics } = observing;
  const sweepers = [app.get(Sweeper), app.get(Helper)];
  const onError = (error: unknown): void => logger.debug({ err: error }, 'nothing was warmed up');
  const warmUp = new WarmUp(stores.warmUp, stores.adapters.clock, onError);
  const workers = [...sweepers, app.get(JobKeeper), app.get(AuditKeeper), limiting, warmUp];
  for (const worker of workers) worker.start();
  const drain = (): void => {
    limiting.drain();
    app.get(FeedHub).drain();
  };
  let page: MetricsServer | undefined;
  let streams: StreamsEdge | undefined;
  return {
    adminBanner,
    listen: async () => {
      const access = streamsAccess(app.get(KnownCallers));
      streams = await openStreamsEdge({ config, logger, access, ...stores.adapters });
      if (metrics && config.metrics !== 'same') {
        page = await MetricsServer.listen(config.metrics, metrics);
      }
      return listen(app, config);
    },
    drain,
    close: async () => {
      drain();
      await streams?.close();
      await app.close();
      for (const worker of workers) await worker.stop();
      await stores.close();
      await page?.close();
      await observing.close();
    },
  };
}

/** What watches and bounds requests on their way in. */
function httpOf(
  config: ServerConfig,
  { limiting, observing }: { limiting: Limiting; observing: Observing },
): NonNullable<AppOptions['http']> {
  const { headersMsMax, keepAliveMs, connectionsMax } = config;
  const { metrics, tracer } = observing;
  const watch = new RequestWatch(observing.requestWatchers, () => performance.now());
  return {
    headersMsMax,
    keepAliveMs,
    connectionsMax,
    begin: (request, reply) => watch.begin(request, reply),
    extend: (server, newRequestId) => {
      if (tracer) traceRequests(server, tracer);
      addLimits(server, { ...limiting.limits, newRequestId });
      if (metrics && config.metrics === 'same') addMetricsPage(server, metrics);
    },
  };
}

function sweepsHeard(logger: Logger, { metrics }: Observing) {
  return {
    onError: (error: unknown) => {
      logger.error({ err: error }, 'a sweep failed');
      metrics?.views.swept('failed', Date.now());
    },
    onDone: () => metrics?.views.swept('done', Date.now()),
  };
}

const edgeOf = (
  { clock, ids }: Adapters,
  { addressTokenTtlMs, publicUrl, importEnabled }: ServerConfig,
  checks: ReadyChecks,
): EdgeSettings => ({
  version: API_VERSION,
  blockStore: { ...LOCAL_BLOCK_STORE, isImportEnabled: importEnabled },
  addressTokenTtlMs,
  publicUrl,
  nowMs: () => clock.nowMs(),
  newCommandId: () => ids.commandId(),
  ready: () => checks.report(),
});

async function listen(app: NestFastifyApplication, config: ServerConfig): Promise<string> {
  const address = listenAddress(config.listen);
  assert(address, 'the configuration was validated');
  // Of a name with several addresses Fastify would serve all but the first without our limits.
  const { address: host } = await lookup(address.host, { order: 'ipv4first' });
  await failpoint('start.beforeListen');
  await app.listen(address.port, host);
  await failpoint('start.afterListen');
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
