import type { ClientConfig } from 'pg';
import type { ServerConfig } from '../config/server.config.js';
import type { Logger } from '../observability/logger.js';
import type { Secrets } from '../ports/secrets.js';

/** The first administrator's keys: shown once, and kept nowhere as they are. */
export interface AdminBanner {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The application, built and not heard yet. */
export interface RunningApp {
  /**
   * Begins to answer.
   *
   * @returns its URL, with the port that the system chose when it was to
   * @throws a system error of `listen`, as EADDRINUSE
   */
  listen(): Promise<string>;

  /** Says "not ready" from here on, and ends each connection with its next answer. */
  drain(): void;

  /** Takes no more requests, answers those under way, flushes and closes every store. */
  close(): Promise<void>;

  /** Present when an administrator was made by this start, with keys that nobody has chosen. */
  readonly adminBanner: AdminBanner | undefined;
}

/** What an application is made from. */
export interface AppSurroundings {
  readonly config: ServerConfig;
  /** The absolute path of the data folder, which is there. */
  readonly data: string;
  /** Undefined: everything is kept in memory. */
  readonly connection: ClientConfig | undefined;
  readonly secrets: Secrets;
  readonly logger: Logger;
  /** The disk or the database lost what it was given: the process ends, and says so. */
  readonly onFatal: (error: unknown) => void;
}

export type OpenApp = (surroundings: AppSurroundings) => Promise<RunningApp>;
