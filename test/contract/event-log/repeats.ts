import { describe, expect, it } from '@jest/globals';
import type { Expected, NewEvent, StreamAppend } from '../../../src/ports/event-log.js';
import { EventRefused } from '../../../src/ports/store-errors.js';
import { utf8 } from '../../../src/shared/bytes.js';
import { about, closing, context, newEvent, newStream } from '../../support/new-events.js';
import type { OpenedLog } from './opened-log.js';

/** The same events again: one event, and the first answer. */
export function repeatsContract(opened: () => OpenedLog): void {
  const append = (...appends: StreamAppend[]) => opened().log.append(appends, context);
  const one = (stream: string, expected: Expected, ...events: NewEvent[]) =>
    append({ stream, expected, events });
  const endOf = async (stream: string) => (await opened().log.end(stream)).revision;

  describe('events that were appended before', () => {
    for (const expected of ['none', 'any', 'open', -1, 0, 7] as const) {
      it(`get the first answer, also when ${expected} is expected`, async () => {
        const stream = newStream();
        const event = newEvent();
        const [first] = await one(stream, 'none', event);
        await one(stream, 'any', newEvent());
        expect(await one(stream, expected, event)).toEqual([{ ...first, isRepeated: true }]);
        expect(await endOf(stream)).toBe(1);
      });
    }

    it('get it after their stream was closed', async () => {
      const stream = newStream();
      const event = newEvent();
      const [first] = await one(stream, 'none', newEvent(), event);
      await one(stream, 'open', closing());
      expect(await one(stream, 'open', event)).toEqual([{ ...first, isRepeated: true }]);
    });

    it('get it from a guard that their own event would refuse', async () => {
      const stream = newStream();
      await one(stream, 'none', newEvent());
      const guard = { key: utf8('a'), sinceRevision: 0 };
      const events = [about('a')];
      const [first] = await append({ stream, expected: 'open', events, guard });
      const again = await append({ stream, expected: 'open', events, guard });
      expect(again).toEqual([{ ...first, isRepeated: true }]);
    });

    it('change no view again', async () => {
      const stream = newStream();
      const event = newEvent({ data: { writes: [['put', 'k', 'old']] } });
      await one(stream, 'none', event);
      await one(stream, 'open', newEvent({ data: { writes: [['put', 'k', 'new']] } }));
      await one(stream, 'open', event);
      const [rows] = await opened().kv.read([
        { kind: 'get', partition: `notes/${stream}`, key: utf8('k') },
      ]);
      expect(rows?.map(({ value }) => Buffer.from(value).toString())).toEqual(['new']);
    });

    it('get it as a group, a result for each stream', async () => {
      const group: StreamAppend[] = [newStream(), newStream()].map((stream) => ({
        stream,
        expected: 'none',
        events: [newEvent(), newEvent()],
      }));
      const first = await append(...group);
      const again = await append(...group);
      expect(again).toEqual(first.map((result) => ({ ...result, isRepeated: true })));
    });

    it('are one event when both attempts are under way at once', async () => {
      const stream = newStream();
      const event = newEvent();
      const attempts = Array.from({ length: 5 }, () => one(stream, 'none', event));
      const results = (await Promise.all(attempts)).map(([result]) => result);
      expect(results.filter((result) => result?.isRepeated === false)).toHaveLength(1);
      expect(results.map((result) => result?.revision)).toEqual([0, 0, 0, 0, 0]);
      expect(await endOf(stream)).toBe(0);
    });

    it('are told where the last of them stands', async () => {
      const stream = newStream();
      const [a, b, c] = [newEvent(), newEvent(), newEvent()];
      const [first] = await one(stream, 'none', a, b, c);
      expect(await one(stream, 'any', a, b, c)).toEqual([{ ...first, isRepeated: true }]);
      expect(await one(stream, 'any', b)).toMatchObject([{ revision: 1, isRepeated: true }]);
    });

    it('are other events in another stream', async () => {
      const event = newEvent();
      await one(newStream(), 'none', event);
      expect(await one(newStream(), 'none', event)).toMatchObject([{ isRepeated: false }]);
    });
  });

  describe('events of which some were appended before', () => {
    it('are refused, and nothing is written', async () => {
      const stream = newStream();
      const known = newEvent();
      await one(stream, 'none', known);
      await expect(one(stream, 'any', known, newEvent())).rejects.toThrow(EventRefused);
      await expect(one(stream, 'any', newEvent(), known)).rejects.toThrow(EventRefused);
      expect(await endOf(stream)).toBe(0);
    });

    it('are refused as a group too; steps that are left are taken', async () => {
      const [stream, other] = [newStream(), newStream()];
      const events = [newEvent()];
      await append({ stream, expected: 'none', events });
      const refused = append(
        { stream, expected: 'any', events },
        { stream: other, expected: 'none', events: [newEvent()] },
      );
      if (opened().log.groups === 'stepwise') {
        await expect(refused).resolves.toMatchObject([{ isRepeated: true }, { isRepeated: false }]);
        return;
      }
      await expect(refused).rejects.toThrow(EventRefused);
      expect(await endOf(other)).toBe(-1);
    });

    it('harm nobody who waits with them', async () => {
      const stream = newStream();
      const known = newEvent();
      await one(stream, 'none', known);
      const [before, refused, after] = await Promise.allSettled([
        one(stream, 'open', newEvent()),
        one(stream, 'open', known, newEvent()),
        one(stream, 'open', newEvent()),
      ]);
      expect(before).toMatchObject({ value: [{ revision: 1 }] });
      expect(refused).toMatchObject({ reason: expect.any(EventRefused) });
      expect(after).toMatchObject({ value: [{ revision: 2 }] });
    });
  });
}
