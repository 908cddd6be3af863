import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ClientConfig } from 'pg';
import type { AppendResult, NewEvent } from '../../src/ports/event-log.js';
import { WrongExpectedRevision } from '../../src/ports/store-errors.js';
import { assert } from '../../src/shared/assert.js';
import { utf8 } from '../../src/shared/bytes.js';
import type { OpenedLog } from '../contract/event-log/opened-log.js';
import { closing, context, newEvent, newStream, notes } from '../support/new-events.js';
import { freshDatabase } from '../support/postgres.js';
import { openNode } from './opened.js';
import { storeServer } from './store-server.js';

const WRITERS = 16;
const WRITES = 12;

/** Two nodes on one store: no race is lost by anybody who may win it. */
export function twoNodesContract(): void {
  for (const views of ['memory', 'Postgres'] as const) {
    describe(`two nodes on one store, with views in ${views}`, () => {
      let nodes: readonly OpenedLog[] = [];
      let close = async () => undefined as void;
      beforeAll(async () => {
        const server = await storeServer();
        const database = views === 'Postgres' ? await freshDatabase() : undefined;
        const connection: { connection?: ClientConfig } = database
          ? { connection: database.connection }
          : {};
        const open = () =>
          openNode({ connectionString: server.url, project: notes, ...connection });
        nodes = [await open(), await open()];
        close = async () => {
          for (const node of nodes) await node.close();
          await server.close();
          await database?.drop();
        };
      }, 60_000);
      afterAll(() => close());

      const at = (index: number): OpenedLog => {
        const node = nodes[index % nodes.length];
        assert(node, 'there are nodes');
        return node;
      };
      const append = (node: number, stream: string, event: NewEvent, expected: 'open' | 'none') =>
        at(node).log.append([{ stream, expected, events: [event] }], context);

      it('let all of 32 writers in while the stream is open, none behind its close', async () => {
        const stream = newStream();
        await append(0, stream, newEvent(), 'none');
        const accepted: AppendResult[] = [];
        let closedAt: number | undefined;
        const write = async (writer: number): Promise<'closed' | 'open'> => {
          for (let n = 0; n < WRITES; n++) {
            const wasClosed = closedAt !== undefined;
            try {
              const [result] = await append(writer, stream, newEvent(), 'open');
              assert(result, 'an answer each');
              expect(wasClosed).toBe(false);
              accepted.push(result);
            } catch (error) {
              expect(error).toMatchObject({ reason: 'closed' });
              expect(error).toBeInstanceOf(WrongExpectedRevision);
              return 'closed';
            }
            // Somebody closes it when all have written about half of what they would.
            if (accepted.length === (WRITERS * WRITES * 2) / 2) {
              const [result] = await append(writer + 1, stream, closing(), 'open');
              closedAt = result?.revision;
            }
          }
          return 'open';
        };
        await Promise.all(Array.from({ length: WRITERS * 2 }, (_, writer) => write(writer)));
        assert(closedAt !== undefined, 'it was closed');
        const revisions = accepted.map(({ revision }) => revision);
        expect(new Set(revisions).size).toBe(revisions.length);
        expect(Math.max(...revisions)).toBeLessThan(closedAt);
        for (const node of [0, 1]) {
          expect(await at(node).log.end(stream)).toEqual({ revision: closedAt, isClosed: true });
        }
        expect(revisions.length).toBe(closedAt - 1);
      });

      it('show each what the other was told is done', async () => {
        const stream = newStream();
        const partition = `notes/${stream}`;
        for (let n = 0; n < 20; n++) {
          const event = newEvent({ data: { writes: [['put', 'k', String(n)]] } });
          await at(n).log.append([{ stream, expected: 'any', events: [event] }], context);
          const [rows] = await at(n + 1).kv.read([{ kind: 'get', partition, key: utf8('k') }]);
          expect(rows?.map(({ value }) => Buffer.from(value).toString())).toEqual([String(n)]);
          const [last] = await at(n + 1).log.read(stream, {
            from: n,
            direction: 'forward',
            limit: 1,
          });
          expect(last?.id).toBe(event.id);
        }
      });

      it('know an event that the other has taken, and give its first answer', async () => {
        const stream = newStream();
        const event = newEvent();
        const [first] = await append(0, stream, event, 'none');
        await append(0, stream, newEvent(), 'open');
        const [again] = await append(1, stream, event, 'none');
        expect(again).toEqual({ ...first, isRepeated: true });
      });

      it('bring no view to a state that it never had, however both write it', async () => {
        const streams = Array.from({ length: 8 }, () => newStream());
        const written = new Map<string, string>();
        await Promise.all(
          streams.flatMap((stream, index) =>
            [0, 1].map(async (node) => {
              for (let n = 0; n < 10; n++) {
                const key = `${node}/${n % 3}`;
                const value = `${node}/${n}/${index}`;
                const event = newEvent({ data: { writes: [['put', key, value]] } });
                await at(node).log.append([{ stream, expected: 'any', events: [event] }], context);
                written.set(`${stream} ${key}`, value);
              }
            }),
          ),
        );
        for (const node of [0, 1]) {
          for (const stream of streams) {
            const partition = `notes/${stream}`;
            const [rows] = await at(node).kv.read([{ kind: 'scan', partition, limit: 100 }]);
            for (const { key, value } of rows ?? []) {
              const name = `${stream} ${Buffer.from(key).toString()}`;
              expect(Buffer.from(value).toString()).toBe(written.get(name));
            }
            expect(rows).toHaveLength(6);
          }
        }
      });
    });
  }
}
