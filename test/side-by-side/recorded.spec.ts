import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type WholeApp, wholeApp } from '../api/whole-app.js';
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
  let app: WholeApp;

  beforeAll(async () => {
    makeImportFolder();
    app = await wholeApp({
      adminAccessKeyId: KEY.accessKeyId,
      adminSecretAccessKey: KEY.secretAccessKey,
      importEnabled: true,
      importFolders: IMPORT_FOLDER,
    });
  }, 30_000);
  afterAll(() => app.close());

  it.each(histories)('has the same metaranges, step by step: seed $seed', async (history) => {
    const side = new Side({ name: 'ours', url: app.url, ...KEY }, `recorded-${history.seed}`);
    await side.open();
    for (const recorded of history.steps) {
      const ours = recordedOf(recorded.step, await seenOn(side, recorded.step));
      expect(ours).toEqual(recorded);
    }
  });
});
