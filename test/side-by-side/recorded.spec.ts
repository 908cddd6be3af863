import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AesSecrets } from '../../src/app/aes-secrets.js';
import { openApp } from '../../src/app/open-app.js';
import type { RunningApp } from '../../src/app/running-app.js';
import { readServerConfig } from '../../src/config/read-config.js';
import { newLogger } from '../../src/observability/logger.js';
import { IMPORT_FOLDER, makeImportFolder } from './import-folder.js';
import { recordedOf, type Recording } from './recorded.js';
import { seenOn } from './run-history.js';
import { Side } from './side.js';

const KEY = {
  accessKeyId: 'AKIAJRECORDEDHISTORQ',
  secretAccessKey: 'a secret for recorded histories alone 00',
};

const file = new URL('../golden/recorded-histories.json', import.meta.url);
const { origin, histories } = JSON.parse(readFileSync(file, 'utf8')) as Recording;

describe(`histories as ${origin.split(',')[0]} answered them`, () => {
  let app: RunningApp;
  let folder: string;
  let url: string;

  beforeAll(async () => {
    makeImportFolder();
    folder = await mkdtemp(join(tmpdir(), 'moraine-recorded-'));
    const keys = {
      adminAccessKeyId: KEY.accessKeyId,
      adminSecretAccessKey: KEY.secretAccessKey,
    };
    const imports = { importEnabled: true, importFolders: IMPORT_FOLDER };
    app = await openApp({
      config: readServerConfig({ listen: '127.0.0.1:0', eventLog: 'memory', ...keys, ...imports }),
      data: folder,
      connection: undefined,
      secrets: new AesSecrets('a secret key for tests alone'),
      logger: newLogger('silent'),
      onFatal: (error) => {
        throw error;
      },
    });
    url = await app.listen();
  }, 30_000);
  afterAll(async () => {
    await app.close();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(histories)('has the same metaranges, step by step: seed $seed', async (history) => {
    const side = new Side({ name: 'ours', url, ...KEY }, `recorded-${history.seed}`);
    await side.open();
    for (const recorded of history.steps) {
      const ours = recordedOf(recorded.step, await seenOn(side, recorded.step));
      expect(ours).toEqual(recorded);
    }
  });
});
