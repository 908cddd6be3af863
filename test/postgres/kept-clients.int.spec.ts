import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { poolOf } from '../../src/app/service-pool.js';
import { KeptClients } from '../../src/kv-adapter/kept-clients.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
let pool: ReturnType<typeof poolOf>;
let clients: KeptClients;

beforeAll(async () => {
  database = await freshDatabase();
}, 60_000);
beforeEach(() => {
  pool = poolOf(database.connection, { name: 'kept', max: 2 });
  clients = new KeptClients(pool);
});
afterAll(() => database?.drop());

describe('connections that are kept for the next one who reads', () => {
  it('are lent again, one at a time', async () => {
    const first = await clients.take();
    const second = await clients.take();
    expect(second).not.toBe(first);
    clients.giveBack(first, false);
    expect(pool.idleCount).toBe(0);
    expect(await clients.take()).toBe(first);
    clients.giveBack(first, false);
    clients.giveBack(second, false);
    clients.end();
    await pool.end();
  });

  it('go back to their pool in a while', async () => {
    clients.giveBack(await clients.take(), false);
    for (let tries = 0; tries < 1_000 && pool.idleCount === 0; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(pool.idleCount).toBe(1);
    clients.end();
    await pool.end();
  });

  it('are not kept when they are broken', async () => {
    const broken = await clients.take();
    clients.giveBack(broken, true);
    expect(pool.totalCount).toBe(0);
    const other = await clients.take();
    expect(other).not.toBe(broken);
    clients.giveBack(other, false);
    clients.end();
    await pool.end();
  });

  it('keep no pool from its end, whether they come back before it or behind it', async () => {
    const early = await clients.take();
    const late = await clients.take();
    clients.giveBack(early, false);
    clients.end();
    const ended = pool.end();
    clients.giveBack(late, false);
    expect(pool.totalCount).toBe(0);
    await ended;
  });
});
