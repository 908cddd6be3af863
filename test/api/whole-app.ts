import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AesSecrets } from '../../src/app/aes-secrets.js';
import { openApp } from '../../src/app/open-app.js';
import { readServerConfig } from '../../src/config/read-config.js';
import { newLogger } from '../../src/observability/logger.js';
import { testStore } from '../support/test-store.js';

/**
 * The whole application, nothing stood in for: objects on disk, log and views where
 * `TEST_EVENT_LOG` says, in memory when it is left out.
 */
export interface WholeApp {
  readonly url: string;
  /** Holds `data`, the server's own folder, and nothing else. */
  readonly folder: string;
  /** Asks as the administrator. */
  call(path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

const KEY = { adminAccessKeyId: 'AKIAJTESTTESTTESTQ', adminSecretAccessKey: 'a secret for tests' };
const BASIC = Buffer.from(`${KEY.adminAccessKeyId}:${KEY.adminSecretAccessKey}`).toString('base64');

/** @param config  keys to set beside the few that a test needs */
export async function wholeApp(config: object = {}): Promise<WholeApp> {
  const folder = await mkdtemp(join(tmpdir(), 'moraine-whole-'));
  await mkdir(join(folder, 'data'));
  const store = await testStore();
  const app = await openApp({
    config: readServerConfig({
      listen: '127.0.0.1:0',
      streamsListen: 'off',
      ...store.config,
      ...KEY,
      ...config,
    }),
    data: join(folder, 'data'),
    connection: store.connection,
    secrets: new AesSecrets('a secret key for tests alone'),
    logger: newLogger('silent'),
    onFatal: (error) => {
      throw error;
    },
  });
  const url = await app.listen();
  return {
    url,
    folder,
    call: (path, init = {}) =>
      fetch(url + path, {
        redirect: 'manual',
        ...init,
        headers: {
          authorization: `Basic ${BASIC}`,
          ...Object.fromEntries(new Headers(init.headers)),
        },
      }),
    close: async () => {
      await app.close();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
