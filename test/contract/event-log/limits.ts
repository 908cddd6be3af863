import { describe, expect, it } from '@jest/globals';
import type { CommandId, EventId } from '../../../src/domain/model.js';
import {
  APPEND_BYTES_MAX,
  APPEND_EVENTS_MAX,
  EVENT_BYTES_MAX,
  type NewEvent,
} from '../../../src/ports/event-log.js';
import { EventRefused } from '../../../src/ports/store-errors.js';
import { context, newEvent, newStream } from '../../support/new-events.js';
import type { OpenedLog } from './opened-log.js';

/** What fits, what does not, and that nothing is lost on the way. */
export function limitsContract(opened: () => OpenedLog): void {
  const append = (stream: string, ...events: NewEvent[]) =>
    opened().log.append([{ stream, expected: 'any', events }], context);

  const read = (stream: string) =>
    opened().log.read(stream, { from: 0, direction: 'forward', limit: 1000 });

  describe('an append that no store can take', () => {
    const refused: Record<string, () => Promise<unknown>> = {
      'of no stream': () => opened().log.append([], context),
      'of no event': () => append(newStream()),
      'of an event over the limit by one byte': () =>
        append(newStream(), eventOf(EVENT_BYTES_MAX + 1)),
      'of an event whose bytes, not characters, are over the limit': () =>
        append(newStream(), newEvent({ data: { a: 'é'.repeat(EVENT_BYTES_MAX / 2) } })),
      'of too many events': () =>
        append(newStream(), ...Array.from({ length: APPEND_EVENTS_MAX + 1 }, () => newEvent())),
      'of too many bytes': () =>
        append(
          newStream(),
          ...Array.from({ length: APPEND_BYTES_MAX / EVENT_BYTES_MAX + 1 }, () =>
            eventOf(EVENT_BYTES_MAX),
          ),
        ),
      'of one event twice': () => {
        const event = newEvent();
        return append(newStream(), event, event);
      },
      'with an id that is none': () => append(newStream(), newEvent({ id: 'mine' as EventId })),
      'to a stream without a name': () => append('', newEvent()),
      'to a stream with NUL in its name': () => append('a\0b', newEvent()),
      'to a stream with half a surrogate pair in its name': () => append('a\ud800', newEvent()),
      'of a type with NUL in it': () => append(newStream(), newEvent({ type: 'a\0' })),
      'of a schema version below 1': () => append(newStream(), newEvent({ version: 0 })),
      'by a caller with NUL in its name': () =>
        opened().log.append([{ stream: newStream(), expected: 'any', events: [newEvent()] }], {
          ...context,
          caller: 'a\0',
        }),
      'at a revision that is none': () =>
        opened().log.append(
          [{ stream: newStream(), expected: 1.5, events: [newEvent()] }],
          context,
        ),
    };
    for (const [what, attempt] of Object.entries(refused)) {
      it(`is refused: ${what}`, async () => {
        await expect(attempt()).rejects.toThrow(EventRefused);
      });
    }

    it('harms nobody who waits with it', async () => {
      const stream = newStream();
      const [before, bad, after] = await Promise.allSettled([
        append(stream, newEvent()),
        append(stream, newEvent({ type: 'a\0' })),
        append(stream, newEvent()),
      ]);
      expect(before).toMatchObject({ value: [{ revision: 0 }] });
      expect(bad).toMatchObject({ reason: expect.any(EventRefused) });
      expect(after).toMatchObject({ value: [{ revision: 1 }] });
    });
  });

  describe('what fits', () => {
    it('is an event of exactly the limit', async () => {
      const stream = newStream();
      const event = eventOf(EVENT_BYTES_MAX);
      await append(stream, event);
      expect((await read(stream))[0]?.data).toEqual(event.data);
    });

    it('are as many events as an append may hold', async () => {
      const stream = newStream();
      const events = Array.from({ length: APPEND_EVENTS_MAX }, () => newEvent());
      const [result] = await append(stream, ...events);
      expect(result?.revision).toBe(APPEND_EVENTS_MAX - 1);
    });

    it('is any character: NUL, half a surrogate pair, what JSON or arrays escape', async () => {
      const stream = newStream();
      const texts = ['\0', '\ud800', 'x\udc00y', '{"a":[1,NULL]}', '\\x00', 'é😀', '"\'', '\u2028'];
      const data = JSON.parse('{"__proto__":{"a":1},"constructor":"x"}') as NewEvent['data'];
      const event = newEvent({ data: { texts, data, 'key\0': null, n: 1e300, f: 0.1, b: true } });
      await append(stream, event);
      const [recorded] = await read(stream);
      expect(JSON.stringify(recorded?.data)).toBe(JSON.stringify(event.data));
    });

    it('is a key of any bytes', async () => {
      const stream = newStream();
      const key = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      await append(stream, newEvent({ key }));
      const guard = { key, sinceRevision: -1 };
      const refused = opened().log.append(
        [{ stream, expected: 'any', events: [newEvent()], guard }],
        context,
      );
      await expect(refused).rejects.toMatchObject({ reason: 'guard' });
    });

    it('is all that stands on an event', async () => {
      const stream = newStream();
      const event = newEvent({ type: 'Élan "x"', version: 32_767, closes: true });
      const by = { atMs: 1, caller: '{a,b}', requestId: '', commandId: '\\"' as CommandId };
      await opened().log.append([{ stream, expected: 'none', events: [event] }], by);
      const [recorded] = await read(stream);
      const { id, type, version, data } = event;
      expect(recorded).toEqual({
        ...by,
        stream,
        id,
        type,
        version,
        data,
        closes: true,
        revision: 0,
        position: expect.any(Number),
      });
    });

    it('is what stood on an event that was recorded elsewhere, each its own', async () => {
      const stream = newStream();
      const own = { atMs: 9, caller: 'importer', requestId: 'r', commandId: 'c' as CommandId };
      const recorded = [1, 2].map((atMs) => ({ ...own, atMs, caller: `caller ${atMs}` }));
      const events = [...recorded.map((one) => newEvent({ recorded: one })), newEvent({})];
      await opened().log.append([{ stream, expected: 'none', events }], own);
      expect(await read(stream)).toMatchObject([...recorded, own]);
    });
  });
}

const eventOf = (bytes: number) => newEvent({ data: { a: 'x'.repeat(bytes - '{"a":""}'.length) } });
