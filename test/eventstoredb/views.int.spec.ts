import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { ClientConfig } from 'pg';
import { openEventStoreStores, type EventStoreStores } from '../../src/app/event-store-stores.js';
import { openPostgresStores } from '../../src/app/postgres-stores.js';
import type { EventId } from '../../src/domain/model.js';
import { MemoryEventLog } from '../../src/event-log/memory-event-log.js';
import { MemoryKvStore } from '../../src/kv-adapter/memory-kv-store.js';
import type { InlineProjection } from '../../src/ports/event-log.js';
import { allProjections, inlineProjection } from '../../src/projections/all-projections.js';
import { Rebuilder } from '../../src/projections/rebuild.js';
import { viewSlotsContract } from '../contract/view-slots.contract.js';
import { context, newEvent, newStream } from '../support/new-events.js';
import { freshDatabase } from '../support/postgres.js';
import { streamsServer } from '../support/streams-server.js';

const trouble = (error: unknown): never => {
  throw error;
};

async function open(
  connectionString: string,
  connection: ClientConfig | undefined,
  project: InlineProjection = inlineProjection(),
): Promise<EventStoreStores> {
  const told = { onFatal: trouble, onTrouble: trouble };
  const views = allProjections;
  return openEventStoreStores({ connectionString, connection, project, views, ...told });
}

/** The log outlives the server of the protocol, and so may any node. */
async function place(kind: 'memory' | 'Postgres') {
  const log = new MemoryEventLog({ kv: new MemoryKvStore(), project: () => [] });
  const server = await streamsServer({ log });
  const database = kind === 'Postgres' ? await freshDatabase() : undefined;
  return {
    url: server.url,
    connection: database?.connection,
    close: async () => {
      await server.close();
      await log.close();
      await database?.drop();
    },
  };
}

for (const kind of ['memory', 'Postgres'] as const) {
  viewSlotsContract(`views in ${kind} of a log in an EventStoreDB`, async (project) => {
    const at = await place(kind);
    const stores = await open(at.url, at.connection, project);
    return {
      ...stores,
      close: async () => {
        await stores.close();
        await at.close();
      },
    };
  });
}

const entry = {
  address: 'data/a/b',
  addressType: 'relative',
  checksum: 'd41d8cd98f00b204e9800998ecf8427e',
  sizeBytes: 1,
  modifiedAtMs: 1_700_000_000_000,
  contentType: 'text/plain',
  metadata: [],
};
const staged = (path: string) =>
  newEvent({ id: randomUUID() as EventId, type: 'ObjectStaged', data: { path, entry } });
const token = () => newStream(`staging-c0ffee0c0ffee0c0ffe0.work.0.`).replaceAll('-', '').slice(7);

describe.each(['memory', 'Postgres'] as const)('views in %s', (kind) => {
  it('are built anew beside writes of two nodes, and are the same', async () => {
    const at = await place(kind);
    const nodes = [await open(at.url, at.connection), await open(at.url, at.connection)];
    const stream = `staging-${token()}`;
    const over = new AbortController();
    let count = 0;
    const writing = nodes.map(async ({ log }) => {
      while (!over.signal.aborted) {
        const events = [staged(`p/${count++ % 50}`)];
        await log.append([{ stream, expected: 'any', events }], context);
      }
    });
    const [node] = nodes;
    const rebuilder = new Rebuilder(
      node?.log ?? trouble('a node'),
      node?.slots ?? trouble('a node'),
      allProjections,
    );
    const outcomes = [];
    for (let n = 0; n < 3; n++) {
      const enough = count + 10;
      const isReached = () => count >= enough;
      while (!isReached()) await sleep(1);
      outcomes.push(await rebuilder.rebuild('staging', { swap: true }));
    }
    over.abort();
    await Promise.all(writing);
    outcomes.push(await rebuilder.rebuild('staging', { swap: false }));
    expect(outcomes.map(({ differing }) => differing)).toEqual([[], [], [], []]);
    expect(outcomes.map(({ isSwapped }) => isSwapped)).toEqual([true, true, true, false]);
    for (const each of nodes) await each.close();
    await at.close();
  }, 60_000);

  it('are there again when a node starts again, with nothing to be built anew', async () => {
    const at = await place(kind);
    const before = await open(at.url, at.connection);
    const stream = `staging-${token()}`;
    const events = Array.from({ length: 30 }, (_, n) => staged(`p/${n}`));
    await before.log.append([{ stream, expected: 'any', events }], context);
    const digestOf = async ({ slots }: EventStoreStores) => {
      const slot = (await slots.list()).find(({ view }) => view === 'staging');
      return slots.digest(slot?.slot ?? 0);
    };
    const digest = await digestOf(before);
    expect(digest.rowCount).toBe(30);
    await before.close();
    const after = await open(at.url, at.connection);
    expect(await digestOf(after)).toEqual(digest);
    const rebuilder = new Rebuilder(after.log, after.slots, allProjections);
    expect(await rebuilder.bringUpToDate()).toEqual([]);
    await after.close();
    await at.close();
  });
});

describe('a Postgres for the views', () => {
  it('is refused when its views are of another log', async () => {
    const [one, other] = [await place('Postgres'), await place('memory')];
    const { connection } = one;
    const first = await open(one.url, connection);
    await first.log.append(
      [{ stream: `staging-${token()}`, expected: 'any', events: [staged('a')] }],
      context,
    );
    await first.close();
    await expect(open(other.url, connection)).rejects.toMatchObject({ fault: 'other_log' });
    const own = openPostgresStores({ connection: connection ?? {}, project: () => [] });
    await expect(own).rejects.toMatchObject({ fault: 'other_log' });
    await one.close();
    await other.close();
  });

  it('is refused when it has a log of its own', async () => {
    const [one, database] = [await place('memory'), await freshDatabase()];
    const { connection } = database;
    const own = await openPostgresStores({ connection, project: () => [] });
    await own.log.append([{ stream: 'a', expected: 'any', events: [newEvent()] }], context);
    await own.close();
    await expect(open(one.url, connection)).rejects.toMatchObject({ fault: 'other_log' });
    await one.close();
    await database.drop();
  });
});
