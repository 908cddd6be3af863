import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';
import { rollingRestarts } from './rolling-restarts.js';

const RESTARTS = 3;

let database: TestDatabase;

beforeAll(async () => {
  database = await freshDatabase();
}, 60_000);
afterAll(() => database.drop());

describe('two nodes that are restarted in turn under load', () => {
  it('answer whatever is sent to one that is ready, and lose nothing', async () => {
    const { host, user, database: name } = database.connection;
    const url = `postgres://${user}@localhost/${name}?host=${encodeURIComponent(host ?? '')}`;
    const report = await rollingRestarts(url, (restarts) => restarts >= RESTARTS);
    expect(report).toMatchObject({ restarts: RESTARTS, faults: [], lost: [] });
    expect(report.uploads).toBeGreaterThan(100);
    expect(report.commits).toBeGreaterThan(10);
  }, 180_000);
});
