import { describe, expect, it } from '@jest/globals';
import type { StreamAppend } from '../../../src/ports/event-log.js';
import { EventRefused, WrongExpectedRevision } from '../../../src/ports/store-errors.js';
import { utf8 } from '../../../src/shared/bytes.js';
import { about, closing, context, newEvent, newStream } from '../../support/new-events.js';
import type { OpenedLog } from './opened-log.js';

/**
 * Appends to several streams at once: all of them or none; of a log without groups, what can be
 * seen beforehand is refused whole, and races are decided step by step.
 */
export function groupsContract(opened: () => OpenedLog): void {
  const append = (...appends: StreamAppend[]) => opened().log.append(appends, context);

  describe('a group', () => {
    it('is in as a whole, with a result for each of its streams', async () => {
      const [old, next] = [newStream(), newStream()];
      await append(opens(old));
      const results = await append(closes(old), opens(next));
      expect(results).toMatchObject([{ revision: 1 }, { revision: 0 }]);
      // Places need not be dense.
      expect(results[1]?.position).toBeGreaterThan(results[0]?.position ?? 0);
      expect(await opened().log.end(old)).toEqual({ revision: 1, isClosed: true });
      expect(await opened().log.end(next)).toEqual({ revision: 0, isClosed: false });
    });

    it('is refused as a whole when one of its streams is not as expected', async () => {
      const [old, next, control] = [newStream(), newStream(), newStream()];
      await append(opens(old));
      await append(opens(control));
      const request = { stream: control, expected: 7, events: [newEvent()] };
      const refused = append(closes(old), opens(next), request);
      await expect(refused).rejects.toMatchObject({ stream: control, reason: 'revision' });
      expect(await opened().log.end(old)).toEqual({ revision: 0, isClosed: false });
      expect(await opened().log.end(next)).toEqual({ revision: -1, isClosed: false });
      const [rows] = await opened().kv.read([
        { kind: 'get', partition: `notes/${next}`, key: utf8('opened') },
      ]);
      expect(rows).toEqual([]);
    });

    it('is refused as a whole by a guard', async () => {
      const [staging, other] = [newStream(), newStream()];
      await append({ stream: staging, expected: 'none', events: [about('a')] });
      const guard = { key: utf8('a'), sinceRevision: -1 };
      const refused = append(opens(other), { ...writes(staging), guard });
      await expect(refused).rejects.toMatchObject({ stream: staging, reason: 'guard' });
      expect((await opened().log.end(other)).revision).toBe(-1);
    });

    it('names the first of its streams that is not as expected', async () => {
      const [first, second] = [newStream(), newStream()];
      const refused = append(writes(first), writes(second));
      await expect(refused).rejects.toMatchObject({ stream: first, reason: 'missing' });
    });

    it('may not name a stream twice', async () => {
      const stream = newStream();
      await expect(append(opens(stream), writes(stream))).rejects.toThrow(EventRefused);
      expect((await opened().log.end(stream)).revision).toBe(-1);
    });
  });

  describe('groups that wait together', () => {
    it('are judged one after the other: what the first does, the second meets', async () => {
      const [old, next, control] = [newStream(), newStream(), newStream()];
      await append(opens(old));
      await append(opens(control));
      const request = (opensStream: string) =>
        append(closes(old), opens(opensStream), {
          stream: control,
          expected: 0,
          events: [newEvent()],
        });
      const outcomes = await Promise.allSettled([
        append(writes(old)),
        request(next),
        append(writes(old)),
        append(writes(next)),
        request(newStream()),
        append(writes(next)),
      ]);
      if (opened().log.groups === 'stepwise') {
        // Whoever closes it goes on to the next step, and only one of them does.
        expect(outcomes[0]?.status).toBe('fulfilled');
        expect((await opened().log.end(old)).isClosed).toBe(true);
        expect((await opened().log.end(control)).revision).toBe(1);
        return;
      }
      expect(await opened().log.end(old)).toEqual({ revision: 2, isClosed: true });
      expect(outcomes.map(({ status }) => status)).toEqual([
        'fulfilled',
        'fulfilled',
        'rejected',
        'fulfilled',
        'rejected',
        'fulfilled',
      ]);
      expect((await opened().log.end(next)).revision).toBe(2);
    });

    it('do not harm one another: among good ones only the bad ones are refused', async () => {
      const streams = Array.from({ length: 30 }, () => newStream());
      const outcomes = await Promise.allSettled(
        streams.map((stream, index) =>
          index % 3 === 0 ? append(writes(stream)) : append(opens(stream)),
        ),
      );
      for (const [index, outcome] of outcomes.entries()) {
        if (index % 3 > 0) expect(outcome.status).toBe('fulfilled');
        else expect(outcome).toMatchObject({ reason: expect.any(WrongExpectedRevision) });
      }
    });

    it('have positions in the order in which they were judged', async () => {
      const streams = Array.from({ length: 20 }, () => newStream());
      const results = await Promise.all(streams.map((stream) => append(opens(stream))));
      const positions = results.map(([result]) => result?.position ?? 0);
      expect(positions).toEqual(positions.toSorted((left, right) => left - right));
      expect(new Set(positions).size).toBe(streams.length);
    });

    it('may both create the same stream: one does', async () => {
      const stream = newStream();
      const outcomes = await Promise.allSettled([
        append(opens(newStream()), opens(stream)),
        append(opens(newStream()), opens(stream)),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    });
  });
}

const opens = (stream: string): StreamAppend => ({
  stream,
  expected: 'none',
  events: [newEvent({ data: { writes: [['put', 'opened', 'yes']] } })],
});

const closes = (stream: string): StreamAppend => ({
  stream,
  expected: 'open',
  events: [closing()],
});

const writes = (stream: string): StreamAppend => ({
  stream,
  expected: 'open',
  events: [newEvent()],
});
