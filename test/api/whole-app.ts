import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AesSecrets } from '../../src/app/aes-secrets.js';
import { openApp } from '../../src/app/open-app.js';
import { readServerConfig } from '../../src/config/read-config.js';
import { newLogger } from '../../src/observability/logger.js';

/** The whole application, nothing stood in for: log and views in memory, objects on disk. */
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
  const app = await openApp({
    config: readServerConfig({
      listen: '127.0.0.1:0',
      eventLog: 'memory',
      ...KEY,
      ...config,
    }),
    data: join(folder, 'data'),
    connection: undefined,
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
      await rm(folder, { recursive: true, force: true });
    },
  };
}
