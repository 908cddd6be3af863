import { mkdirSync, realpathSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { ClientConfig } from 'pg';
import { AesSecrets } from './app/aes-secrets.js';
import { DataLock } from './app/data-lock.js';
import { EmbeddedPostgres } from './app/embedded-postgres.js';
import { Ending } from './app/ending.js';
import type { OpenApp, RunningApp } from './app/running-app.js';
import { secretKeyIn } from './app/secret-key.js';
import { ExitCode } from './cli/exit-code.js';
import { isInMemory, type ServerConfig } from './config/server.config.js';
import { type Logger, newLogger } from './observability/logger.js';

const FLUSH_EVERY_MS = 100;

export interface ServeOptions {
  readonly openApp: OpenApp;
  stdout(text: string): void;
}

/** What has been opened so far, to be closed in the opposite order. */
interface Opened {
  readonly lock?: DataLock;
  readonly postgres?: EmbeddedPostgres;
  readonly app?: RunningApp;
}

/**
 * Runs the server until a signal or a fault ends it: Postgres, then the application; and at the
 * end the application, which flushes, and then Postgres.
 *
 * @returns the code to exit with
 * @throws StartError  and whatever else keeps it from starting; nothing is left running then
 */
export async function serve(config: ServerConfig, options: ServeOptions): Promise<ExitCode> {
  const logger = newLogger(config.logLevel);
  const flushing = setInterval(() => logger.flush(), FLUSH_EVERY_MS).unref();
  const ending = new Ending(() => {
    logger.flush();
    process.exit(ExitCode.failed);
  });
  const forget = [ending.listen(ExitCode.ok), endOnBugs(ending, logger)];
  let opened: Opened = {};
  try {
    const keep = (more: Opened): void => void (opened = { ...opened, ...more });
    const app = await open(config, { options, logger, ending, keep });
    if (!ending.isBegun) {
      const url = await app.listen();
      logger.info({ url }, 'listening');
      options.stdout(bannerOf(url, app));
    }
    const code = await ending.reason;
    if (code === ExitCode.ok) await drain(opened, config);
    return code;
  } finally {
    await close(opened, { config, logger });
    for (const stop of forget) stop();
    clearInterval(flushing);
    logger.flush();
  }
}

/** Whoever sends requests here hears in time that it should send them elsewhere. */
async function drain({ app }: Opened, { drainMs }: ServerConfig): Promise<void> {
  app?.drain();
  await wait(drainMs);
}

async function open(
  config: ServerConfig,
  around: {
    options: ServeOptions;
    logger: Logger;
    ending: Ending;
    keep: (opened: Opened) => void;
  },
): Promise<RunningApp> {
  const { options, logger, ending, keep } = around;
  mkdirSync(config.data, { recursive: true });
  const data = realpathSync(config.data);
  const onFatal = (error: unknown): void => {
    logger.fatal({ err: error }, 'something was lost that had been kept; ending');
    ending.begin(ExitCode.damaged);
  };
  const secrets = new AesSecrets(config.secretKey ?? secretKeyIn(data));
  const connection = await connect(config, { data, logger, ending, keep });
  const app = await options.openApp({ config, data, connection, secrets, logger, onFatal });
  keep({ app });
  return app;
}

async function connect(
  config: ServerConfig,
  around: { data: string; logger: Logger; ending: Ending; keep: (opened: Opened) => void },
): Promise<ClientConfig | undefined> {
  const { data, logger, ending, keep } = around;
  if (isInMemory(config)) return undefined;
  if (config.databaseUrl !== undefined) return { connectionString: config.databaseUrl };
  // Several servers may share a folder of objects, but only one can run the Postgres in it.
  keep({ lock: DataLock.take(data) });
  const onExit = (reason: string): void => {
    logger.fatal(reason);
    ending.begin(ExitCode.postgres);
  };
  const startedAtMs = performance.now();
  const sharedBuffersBytes = config.postgresCacheBytes;
  const postgres = await EmbeddedPostgres.start({ data, onExit, sharedBuffersBytes });
  keep({ postgres });
  const startMs = Math.round(performance.now() - startedAtMs);
  logger.info({ startMs, isNew: postgres.isNew, pid: postgres.pid }, 'Postgres is ready');
  return postgres.connection;
}

async function close(
  { lock, postgres, app }: Opened,
  { config, logger }: { config: ServerConfig; logger: Logger },
): Promise<void> {
  try {
    if (app !== undefined && !(await endsWithin(app.close(), config.shutdownMs))) {
      logger.warn({ shutdownMs: config.shutdownMs }, 'requests were still under way at the end');
    }
  } catch (error) {
    logger.error({ err: error }, 'the application did not close cleanly');
  } finally {
    await postgres?.stop();
    lock?.release();
    logger.info('stopped');
  }
}

async function endsWithin(work: Promise<void>, ms: number): Promise<boolean> {
  const cancel = new AbortController();
  const tooLate = wait(ms, false, { signal: cancel.signal }).catch(() => false);
  try {
    return await Promise.race([work.then(() => true), tooLate]);
  } finally {
    cancel.abort();
  }
}

/** After an error that nobody caught nothing is sure any more: say it, and end in order. */
function endOnBugs(ending: Ending, logger: Logger): () => void {
  const onBug = (error: unknown): void => {
    logger.fatal({ err: error }, 'an error that nobody caught; ending');
    ending.begin(ExitCode.damaged);
  };
  process.on('uncaughtException', onBug);
  process.on('unhandledRejection', onBug);
  return () => {
    process.off('uncaughtException', onBug);
    process.off('unhandledRejection', onBug);
  };
}

function bannerOf(url: string, { adminBanner }: RunningApp): string {
  const listens = `Moraine listens on ${url}\n`;
  if (adminBanner === undefined) return listens;
  return [
    listens,
    'The first administrator was made. The secret is shown this once:',
    '',
    `  access key id:      ${adminBanner.accessKeyId}`,
    `  secret access key:  ${adminBanner.secretAccessKey}`,
    '',
    '',
  ].join('\n');
}
