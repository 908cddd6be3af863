import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { openPostgresStores, type PostgresStores } from '../../src/app/postgres-stores.js';
import { context, newEvent, newStream, notes } from '../support/new-events.js';
import { freshDatabase, type TestDatabase } from '../support/postgres.js';

const LOCK = 'SELECT pg_advisory_xact_lock(6073911)';
/** What the longest pause of another node may cost an append. */
const STALL_MS_MAX = 2_000;

describe('an append that waits for the lock', () => {
  let database: TestDatabase;
  let stores: PostgresStores;

  beforeAll(async () => {
    database = await freshDatabase();
    stores = await openPostgresStores({ connection: database.connection, project: notes });
  }, 60_000);
  afterAll(async () => {
    await stores?.close();
    await database?.drop();
  });

  const appendMs = async (): Promise<number> => {
    const startedMs = performance.now();
    const append = { stream: newStream(), expected: 'none' as const, events: [newEvent()] };
    await stores.log.append([append], context);
    return performance.now() - startedMs;
  };

  it('is let go on when the holder stands still within its transaction', async () => {
    const holder = new Client(database.connection);
    await holder.connect();
    holder.on('error', () => undefined);
    // Not by `once`, which an error ends too.
    const ended = new Promise<void>((resolve) => holder.once('end', resolve));
    await holder.query('BEGIN');
    await holder.query(LOCK);
    const waitedMs = await appendMs();
    expect(waitedMs).toBeGreaterThan(400);
    expect(waitedMs).toBeLessThan(STALL_MS_MAX);
    await ended;
  });

  it('is let go on when the holder stood still before it had sent all of a call', async () => {
    const socket = await session(database);
    socket.write(Buffer.concat([parse(LOCK), bind, execute, flush]));
    await heard(socket, 'C');
    const closed = once(socket, 'close');
    expect(await appendMs()).toBeLessThan(STALL_MS_MAX);
    await closed;
  });

  it('waits for a holder that is at work, however long that takes', async () => {
    const holder = new Client(database.connection);
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query(LOCK);
    const working = holder.query('SELECT pg_sleep(2.2)').then(() => holder.query('COMMIT'));
    expect(await appendMs()).toBeGreaterThan(2_000);
    await working;
    await holder.end();
  });
});

/** Opens a session as the protocol has it, so that a call can be sent in parts. */
async function session({ connection }: TestDatabase): Promise<Socket> {
  const socket = connect(`${connection.host}/.s.PGSQL.5432`);
  socket.on('error', () => undefined);
  const words = ['user', connection.user, 'database', connection.database, ''];
  const parameters = Buffer.from(words.map((word) => `${word}\0`).join(''));
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + parameters.length);
  head.writeInt32BE(196_608, 4);
  socket.write(Buffer.concat([head, parameters]));
  await heard(socket, 'Z');
  return socket;
}

/** Resolves when a message of this type has come, as the last one or among others. */
async function heard(socket: Socket, type: string): Promise<void> {
  for (let seen = Buffer.alloc(0); !typesOf(seen).includes(type);) {
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    seen = Buffer.concat([seen, bytes]);
  }
}

function typesOf(bytes: Buffer): string {
  let types = '';
  for (let at = 0; at + 5 <= bytes.length; at += 1 + bytes.readInt32BE(at + 1)) {
    types += String.fromCharCode(bytes[at] ?? 0);
  }
  return types;
}

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

const parse = (text: string) => message('P', Buffer.from(`\0${text}\0\0\0`));
const bind = message('B', Buffer.alloc(8));
const execute = message('E', Buffer.alloc(5));
const flush = message('H', Buffer.alloc(0));
