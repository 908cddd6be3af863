import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { Cluster } from './cluster.js';
import { SEEN_ELSEWHERE } from './seen-elsewhere.js';

const ROUNDS = 2;
let database: TestDatabase;
let imports: string;
let cluster: Cluster;
let names = 0;

beforeAll(async () => {
  database = await freshDatabase();
  imports = await mkdtemp(join(tmpdir(), 'moraine-import-'));
  const { host = '', user = '', database: name = '' } = database.connection;
  const place = { socketFolder: host, port: 5432, user, database: name };
  const environment = { MORAINE_IMPORT_ENABLED: 'true', MORAINE_IMPORT_FOLDERS: imports };
  cluster = await Cluster.start(place, 2, environment);
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  await database?.drop();
  await rm(imports, { recursive: true, force: true });
});

describe('what one node has answered is seen by the other', () => {
  it.each(SEEN_ELSEWHERE)('of %s', async (_, see) => {
    for (let round = 0; round < ROUNDS * 2; round++) {
      const [here, there] = [cluster.member(round).calls, cluster.member(round + 1).calls];
      await see({ here, there, name: `seen-${++names}`, imports });
    }
  });
});
