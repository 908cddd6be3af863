import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { openPostgresStores, type PostgresStores } from '../../app/postgres-stores.js';
import type { CommandId, EventId } from '../../domain/model.js';
import { freshDatabase, type TestDatabase } from '../../../test/support/postgres.js';
import { utf8 } from '../../shared/bytes.js';

let db: TestDatabase;
let stores: PostgresStores;
beforeAll(async () => {
  db = await freshDatabase();
  stores = await openPostgresStores({
    connection: db.connection,
    project: (e) => [
      { kind: 'put', partition: `v/${e.stream}`, key: utf8(e.id), value: utf8(e.type), schema: 1 },
    ],
  });
}, 60000);
afterAll(async () => {
  await stores?.close();
  await db?.drop();
});
it('appends', async () => {
  const ctx = { atMs: 1, caller: 'c', requestId: 'r', commandId: 'x' as CommandId };
  const id = crypto.randomUUID() as EventId;
  const r = await stores.log.append(
    [
      {
        stream: 's',
        expected: 'none',
        events: [{ id, type: 'T', version: 1, data: { a: '\0\ud800' } }],
      },
    ],
    ctx,
  );
  console.log(
    r,
    await stores.log.read('s', { from: 0, direction: 'forward', limit: 10 }),
    await stores.log.end('s'),
  );
  console.log(
    await stores.kv.read([
      { kind: 'get', partition: 'v/s', key: utf8(id) },
      { kind: 'scan', partition: 'v/s', limit: 10 },
    ]),
  );
  console.log(await stores.log.readAll({ after: 0, limit: 10 }), await stores.log.find('s', id));
  const r2 = await stores.log.append(
    [
      {
        stream: 's',
        expected: 'none',
        events: [{ id, type: 'T', version: 1, data: { a: '\0\ud800' } }],
      },
    ],
    ctx,
  );
  expect(r2[0]?.isRepeated).toBe(true);
});
