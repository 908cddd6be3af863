import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../../src/ports/event-log.js';
import { EventRefused, StoreUnavailable, UnknownOutcome } from '../../src/ports/store-errors.js';
import { openPostgresStores, type PostgresStores } from '../../src/app/postgres-stores.js';
import { context, newEvent, newStream } from '../support/new-events.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';

/** An event whose data says `fail` makes the database fail with that SQLSTATE. */
const TRIGGER = `
  CREATE FUNCTION fail_on_demand() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.data->>'fail' IS NOT NULL THEN
      RAISE EXCEPTION 'on demand' USING ERRCODE = NEW.data->>'fail';
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER fail_on_demand BEFORE INSERT ON event
    FOR EACH ROW EXECUTE FUNCTION fail_on_demand()`;

describe('a batch that the database cannot take', () => {
  let database: TestDatabase;
  let stores: PostgresStores;
  const fatal: unknown[] = [];
  const open = () =>
    openPostgresStores({
      connection: database.connection,
      project: () => [],
      onFatal: (error) => fatal.push(error),
    });
  const append = (stream: string, data: { readonly [key: string]: Json } = {}) =>
    stores.log.append([{ stream, expected: 'any', events: [newEvent({ data })] }], context);

  beforeAll(async () => {
    database = await freshDatabase();
    stores = await open();
    await database.query(TRIGGER);
  }, 60_000);
  afterAll(async () => {
    await stores?.close();
    await database?.drop();
  });

  it('is taken apart until only what is wrong in it is refused', async () => {
    const stream = newStream();
    const poison = new Set([3, 4, 20]);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 32 }, (_, n) => append(stream, poison.has(n) ? { fail: 'P0001' } : {})),
    );
    for (const [n, outcome] of outcomes.entries()) {
      if (poison.has(n)) expect(outcome).toMatchObject({ reason: expect.any(EventRefused) });
      else expect(outcome.status).toBe('fulfilled');
    }
    // Those that are in kept their order.
    const revisions = outcomes.flatMap((one) =>
      one.status === 'fulfilled' ? one.value.map(({ revision }) => revision) : [],
    );
    expect(revisions).toEqual(revisions.map((_, index) => index));
    expect(fatal).toEqual([]);
  });

  it('is unavailable as a whole when the disk is full, and the next one is in', async () => {
    const stream = newStream();
    const outcomes = await Promise.allSettled([
      append(stream),
      append(stream, { fail: '53100' }),
      append(stream),
    ]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ reason: expect.any(StoreUnavailable) });
    }
    expect(await append(stream)).toMatchObject([{ revision: 0 }]);
    expect(fatal).toEqual([]);
  });

  it('stops the log for good when the database finds its data damaged', async () => {
    const stream = newStream();
    const outcome = append(stream, { fail: 'XX001' });
    await expect(outcome).rejects.toThrow(UnknownOutcome);
    expect(fatal).toMatchObject([{ code: 'XX001' }]);
    await expect(append(stream)).rejects.toThrow(StoreUnavailable);
    await stores.close();
    stores = await open();
    expect(await append(stream)).toMatchObject([{ revision: 0 }]);
  });
});
