import { beforeAll, describe, expect, it } from '@jest/globals';
import type { EventId } from '../../../src/domain/model.js';
import type { EventFilter } from '../../../src/ports/event-log.js';
import { InvariantError } from '../../../src/shared/assert.js';
import { context, newEvent, newStream } from '../../support/new-events.js';
import type { OpenedLog } from './opened-log.js';

/** Reads of one stream and of all of them. */
export function readingContract(opened: () => OpenedLog): void {
  const stream = newStream('read-');
  const events = Array.from({ length: 7 }, (_, n) => newEvent({ data: { n } }));
  const numbers = async (from: number, direction: 'forward' | 'backward', limit: number) => {
    const read = await opened().log.read(stream, { from, direction, limit });
    return read.map(({ data }) => data['n']);
  };

  describe('reading a stream', () => {
    beforeAll(async () => {
      await opened().log.append([{ stream, expected: 'none', events }], context);
    });

    it('goes forward from a revision, that one included', async () => {
      expect(await numbers(0, 'forward', 3)).toEqual([0, 1, 2]);
      expect(await numbers(5, 'forward', 3)).toEqual([5, 6]);
    });

    it('goes backward from a revision, that one included', async () => {
      expect(await numbers(2, 'backward', 10)).toEqual([2, 1, 0]);
      expect(await numbers(6, 'backward', 2)).toEqual([6, 5]);
    });

    it('begins at an end that lies beyond the stream', async () => {
      expect(await numbers(100, 'backward', 2)).toEqual([6, 5]);
      expect(await numbers(Number.MAX_SAFE_INTEGER, 'backward', 1)).toEqual([6]);
      expect(await numbers(-5, 'forward', 2)).toEqual([0, 1]);
    });

    it('finds nothing beyond the ends, nor in a stream that is not there', async () => {
      expect(await numbers(7, 'forward', 3)).toEqual([]);
      expect(await numbers(-1, 'backward', 3)).toEqual([]);
      const read = opened().log.read(newStream(), { from: 0, direction: 'forward', limit: 5 });
      expect(await read).toEqual([]);
    });

    it('refuses a limit that is out of bounds', async () => {
      await expect(numbers(0, 'forward', 0)).rejects.toThrow(InvariantError);
      await expect(numbers(0, 'forward', 1001)).rejects.toThrow(InvariantError);
    });

    it('answers each of many readers with his own', async () => {
      const reads = Array.from({ length: 40 }, (_, index) =>
        numbers(index % 7, index % 2 === 0 ? 'forward' : 'backward', 1),
      );
      expect(await Promise.all(reads)).toEqual(reads.map((_, index) => [index % 7]));
    });

    it('finds an event by its id, in its own stream alone', async () => {
      const id = events[3]?.id ?? ('' as EventId);
      expect(await opened().log.find(stream, id)).toMatchObject({
        id,
        revision: 3,
        data: { n: 3 },
      });
      expect(await opened().log.find(newStream(), id)).toBeUndefined();
      expect(await opened().log.find(stream, newEvent().id)).toBeUndefined();
    });

    it('gives a reader what is his: changing it changes nothing', async () => {
      const [first] = await opened().log.read(stream, { from: 0, direction: 'forward', limit: 1 });
      Object.assign(first?.data ?? {}, { n: 'changed' });
      expect(await numbers(0, 'forward', 1)).toEqual([0]);
    });
  });

  describe('reading all streams', () => {
    const [left, right, odd] = [newStream('left-'), newStream('right-'), newStream('le%t_')];
    let after = 0;
    const idsOf = async (filter?: EventFilter, limit = 1000) => {
      const options = { after, limit, ...(filter && { filter }) };
      return (await opened().log.readAll(options)).map(({ id }) => id);
    };
    const written: { stream: string; id: EventId }[] = [];
    const ids = (streams: readonly string[]) =>
      written.filter(({ stream: of }) => streams.includes(of)).map(({ id }) => id);

    beforeAll(async () => {
      const [start] = await opened().log.append(
        [{ stream: newStream(), expected: 'none', events: [newEvent()] }],
        context,
      );
      after = start?.position ?? 0;
      for (let round = 0; round < 10; round++) {
        for (const one of [left, right, odd]) {
          const event = newEvent();
          await opened().log.append([{ stream: one, expected: 'any', events: [event] }], context);
          written.push({ stream: one, id: event.id });
        }
      }
    });

    it('is in the order of positions, after a position, which is excluded', async () => {
      const read = await opened().log.readAll({ after, limit: 1000 });
      expect(read.map(({ id }) => id)).toEqual(written.map(({ id }) => id));
      const positions = read.map(({ position }) => position);
      expect(positions).toEqual(positions.toSorted((one, other) => one - other));
      const rest = await opened().log.readAll({ after: positions[9] ?? 0, limit: 1000 });
      expect(rest.map(({ id }) => id)).toEqual(written.slice(10).map(({ id }) => id));
    });

    it('keeps to its limit', async () => {
      expect(await idsOf(undefined, 4)).toEqual(written.slice(0, 4).map(({ id }) => id));
      expect(await idsOf({ streamPrefixes: [left] }, 4)).toHaveLength(4);
    });

    it('keeps to streams that begin with one of the given texts, read as they stand', async () => {
      expect(await idsOf({ streamPrefixes: ['left-'] })).toEqual(ids([left]));
      expect(await idsOf({ streamPrefixes: ['left-', 'right-'] })).toEqual(ids([left, right]));
      expect(await idsOf({ streamPrefixes: ['le%t_'] })).toEqual(ids([odd]));
      expect(await idsOf({ streamPrefixes: ['eft-'] })).toEqual([]);
      expect(await idsOf({ streamPrefixes: [] })).toEqual([]);
    });

    it('says where it ends', async () => {
      const { log } = opened();
      const before = await log.lastPosition();
      const [appended] = await log.append(
        [{ stream: left, expected: 'any', events: [newEvent(), newEvent()] }],
        context,
      );
      expect(before).toBeLessThan(appended?.position ?? 0);
      expect(await log.lastPosition()).toBe(appended?.position);
      expect(await log.readAll({ after: await log.lastPosition(), limit: 1 })).toEqual([]);
    });

    it('finds nothing after the end', async () => {
      const last = (await opened().log.readAll({ after, limit: 1000 })).at(-1);
      expect(await opened().log.readAll({ after: last?.position ?? 0, limit: 10 })).toEqual([]);
    });
  });
}
