import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openPostgresStores, type PostgresStores } from '../../src/app/postgres-stores.js';
import { connectorOf } from '../../src/event-log/postgres/connect.js';
import { PostgresLogSeal } from '../../src/event-log/postgres/postgres-log-seal.js';
import { LogSealed } from '../../src/ports/store-errors.js';
import { context, newEvent, newStream } from '../support/new-events.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';

describe('a log that was sealed', () => {
  let database: TestDatabase;
  let nodes: readonly PostgresStores[];
  let seal: PostgresLogSeal;

  beforeAll(async () => {
    database = await freshDatabase();
    const { connection } = database;
    const open = () => openPostgresStores({ connection, project: () => [] });
    nodes = [await open(), await open()];
    seal = new PostgresLogSeal(() => connectorOf(connection)('seal'));
  }, 60_000);
  afterAll(async () => {
    for (const node of nodes ?? []) await node.close();
    await database?.drop();
  });

  const append = (node: number, stream: string) =>
    (nodes[node] as PostgresStores).log.append(
      [{ stream, expected: 'any', events: [newEvent({})] }],
      context,
    );

  it('takes nothing from any node, says why, and is read as before', async () => {
    const stream = newStream();
    await append(0, stream);
    await seal.seal("moved to 'https://other'");
    for (const node of [0, 1]) {
      await expect(append(node, stream)).rejects.toMatchObject({
        name: 'LogSealed',
        message: "moved to 'https://other'",
      });
      const { log } = nodes[node] as PostgresStores;
      expect(await log.end(stream)).toEqual({ revision: 0, isClosed: false });
    }
    await seal.seal('moved again');
    await expect(append(1, stream)).rejects.toThrow('moved again');
    await seal.unseal();
    await append(1, stream);
    await seal.unseal();
  });

  it('has all that was acknowledged, and nothing behind it, whoever writes meanwhile', async () => {
    const stream = newStream();
    let isSealed = false;
    let acknowledged = 0;
    let behind = 0;
    const write = async (node: number): Promise<void> => {
      for (;;) {
        const wasSealed = isSealed;
        try {
          await append(node, stream);
        } catch (error) {
          expect(error).toBeInstanceOf(LogSealed);
          return;
        }
        acknowledged += 1;
        if (wasSealed) behind += 1;
      }
    };
    const writers = Array.from({ length: 16 }, (_, index) => write(index % 2));
    await seal.seal('over');
    isSealed = true;
    await Promise.all(writers);
    expect(behind).toBe(0);
    const { log } = nodes[0] as PostgresStores;
    expect(await log.end(stream)).toEqual({ revision: acknowledged - 1, isClosed: false });
    await seal.unseal();
  });
});
