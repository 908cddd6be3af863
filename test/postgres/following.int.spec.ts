import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { openPostgresStores, type PostgresStores } from '../../src/app/postgres-stores.js';
import { context, newEvent, newStream } from '../support/new-events.js';
import { PostgresServer } from '../support/postgres-server.js';
import { seed } from '../support/seed.js';
import { SeededRandom } from '../support/seeded-random.js';

const EVENTS = 6_000;
const KILLS = 20;

describe('a subscription', () => {
  let folder: string;
  let server: PostgresServer;
  let stores: PostgresStores;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'moraine-'));
    server = new PostgresServer(folder);
    await server.start();
    const connection = { host: folder, user: 'postgres', database: 'postgres' };
    stores = await openPostgresStores({ connection, project: () => [], outcomeMsMax: 30_000 });
  }, 60_000);
  afterAll(async () => {
    await stores?.close();
    await server?.stop('SIGINT');
    await rm(folder, { recursive: true, force: true });
  });

  /** Ends every session but its own: the one that listens, those that read, the writer's. */
  async function endSessions(): Promise<void> {
    const client = new Client({ host: folder, user: 'postgres', database: 'postgres' });
    await client.connect();
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name LIKE 'moraine %'`,
    );
    await client.end();
  }

  async function crash(): Promise<void> {
    await server.stop('SIGQUIT');
    await server.start();
  }

  it(`loses, doubles and reorders nothing over ${KILLS} kills (SEED=${seed})`, async () => {
    const random = new SeededRandom(seed);
    const done = new AbortController();
    const seen: string[] = [];
    const resumed: string[] = [];
    const following = [
      (async () => {
        for await (const { id } of stores.log.subscribe({ after: 0, signal: done.signal })) {
          seen.push(id);
        }
      })(),
      // Another one, that is ended and begun again at the last position it kept.
      (async () => {
        for (let after = 0; !done.signal.aborted;) {
          const stop = new AbortController();
          const signal = AbortSignal.any([done.signal, stop.signal]);
          const enough = resumed.length + 1 + random.below(500);
          for await (const { id, position } of stores.log.subscribe({ after, signal })) {
            resumed.push(id);
            after = position;
            if (resumed.length >= enough) stop.abort();
          }
        }
      })(),
    ];
    const streams = Array.from({ length: 8 }, () => newStream());
    let writtenCount = 0;
    const writing = streams.map(async (stream) => {
      while (writtenCount < EVENTS) {
        const events = Array.from({ length: 1 + random.below(4) }, () => newEvent());
        writtenCount += events.length;
        await stores.log.append([{ stream, expected: 'any', events }], context);
      }
    });
    for (let kill = 1; kill <= KILLS; kill++) {
      await until(() => writtenCount >= (EVENTS * kill) / (KILLS + 2));
      if (kill % 5 === 0) await crash();
      else await endSessions();
    }
    await Promise.all(writing);
    const stored: string[] = [];
    for (let after = 0; ;) {
      const page = await stores.log.readAll({ after, limit: 1000 });
      stored.push(...page.map(({ id }) => id));
      if (page.length === 0) break;
      after = page.at(-1)?.position ?? after;
    }
    await until(() => Math.min(seen.length, resumed.length) >= stored.length);
    done.abort();
    await Promise.all(following);
    expect(stored).toHaveLength(writtenCount);
    expect(seen).toEqual(stored);
    expect(resumed).toEqual(stored);
  }, 120_000);
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((next) => setImmediate(next));
}
