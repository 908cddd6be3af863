import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import {
  type DynamicModule,
  type LoggerService,
  Module,
  type ModuleMetadata,
  type Provider,
} from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AuthGuard } from '../api/auth.guard.js';
import { directHandlers } from '../api/direct-routes.js';
import { httpAdapter, type HttpOptions } from '../api/http-adapter.js';
import type { EdgeSettings } from '../api/settings.js';
import { EdgesModule } from './edges.module.js';

export interface AppOptions {
  /**
   * Handlers of commands and queries, the `Authenticator`, and whatever those ask for; each is
   * found by all others.
   */
  readonly providers: readonly Provider[];
  /** Modules beside them. */
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  readonly edge: EdgeSettings;
  /** What watches and bounds requests; left out: nothing does. */
  readonly http?: Omit<HttpOptions, 'newRequestId'>;
  /** False: says nothing. */
  readonly logger: LoggerService | false;
}

/**
 * Builds the application and binds its routes; it does not listen yet.
 *
 * @throws whatever a provider throws while it is made; nothing is left running but what it began
 */
export async function createApp(options: AppOptions): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    rootModule(options),
    httpAdapter({ newRequestId: randomUUID, ...options.http }),
    // Without `abortOnError: false` a failing boot ends the process, and a test run with it.
    { abortOnError: false, bodyParser: false, logger: options.logger },
  );
  goDirect(app);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return app;
}

/** Puts handlers of ours in the place of those that Nest is about to register: ADR 0037. */
function goDirect(app: NestFastifyApplication): void {
  const modules = [...app.get(ModulesContainer).values()];
  const controllers = modules.flatMap((each) =>
    [...each.controllers.values()].map(({ instance }) => instance as object),
  );
  const handlers = directHandlers(controllers, app.get(AuthGuard, { strict: false }));
  const server = app.getHttpAdapter().getInstance();
  server.addHook('onRoute', (route) => {
    const handler = handlers.get(`${String(route.method)} ${route.url}`);
    if (handler) route.handler = handler;
  });
}

/** The buses would tell each command and query to streams that nobody listens to. */
const UNHEARD = { publish: (): void => {} };
const DISPATCH_ALONE = { commandPublisher: UNHEARD, queryPublisher: UNHEARD };

@Module({})
class RootModule {}

@Module({})
class ProvidersModule {}

function rootModule({ providers, imports = [], edge }: AppOptions): DynamicModule {
  const shared: DynamicModule = {
    module: ProvidersModule,
    global: true,
    imports,
    providers: [...providers],
    exports: [...providers],
  };
  return {
    module: RootModule,
    imports: [CqrsModule.forRoot(DISPATCH_ALONE), shared, EdgesModule.with(edge)],
  };
}
