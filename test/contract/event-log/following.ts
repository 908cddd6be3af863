import { describe, expect, it } from '@jest/globals';
import type { EventFilter, RecordedEvent } from '../../../src/ports/event-log.js';
import { context, newEvent, newStream } from '../../support/new-events.js';
import type { OpenedLog } from './opened-log.js';

/** Subscriptions: every event after a position, once, in order, for as long as wanted. */
export function followingContract(opened: () => OpenedLog): void {
  const append = async (stream: string, count: number): Promise<number> => {
    let position = 0;
    for (let n = 0; n < count; n++) {
      const events = [newEvent()];
      const [result] = await opened().log.append([{ stream, expected: 'any', events }], context);
      position = result?.position ?? 0;
    }
    return position;
  };

  async function take(
    count: number,
    options: { after: number; filter?: EventFilter },
  ): Promise<RecordedEvent[]> {
    const done = new AbortController();
    const taken: RecordedEvent[] = [];
    for await (const event of opened().log.subscribe({ ...options, signal: done.signal })) {
      taken.push(event);
      if (taken.length === count) done.abort();
    }
    return taken;
  }

  describe('a subscription', () => {
    it('yields what was there and what comes, each once and in order', async () => {
      const after = await append(newStream(), 1);
      const stream = newStream();
      await append(stream, 5);
      const taking = take(30, { after });
      await append(stream, 25);
      expect(places(await taking)).toEqual(Array.from({ length: 30 }, (_, n) => [stream, n]));
    });

    it('begins exactly after the position that it is given', async () => {
      const after = await append(newStream(), 1);
      const stream = newStream();
      await append(stream, 20);
      const whole = await take(20, { after });
      for (const at of [0, 7, 18]) {
        const rest = await take(19 - at, { after: whole[at]?.position ?? 0 });
        expect(rest).toEqual(whole.slice(at + 1));
      }
    });

    it('passes over streams that were not asked for', async () => {
      const after = await append(newStream(), 1);
      const [wanted, other] = [newStream('wanted-'), newStream('other-')];
      const taking = take(10, { after, filter: { streamPrefixes: ['wanted-'] } });
      for (let round = 0; round < 10; round++) {
        await append(other, 3);
        await append(wanted, 1);
      }
      expect(places(await taking)).toEqual(Array.from({ length: 10 }, (_, n) => [wanted, n]));
    });

    it('sees appends of many writers, in the order of their positions', async () => {
      const after = await append(newStream(), 1);
      const streams = Array.from({ length: 8 }, () => newStream());
      const taking = take(160, { after });
      await Promise.all(streams.map((stream) => append(stream, 20)));
      const taken = await taking;
      const positions = taken.map(({ position }) => position);
      expect(positions).toEqual(positions.toSorted((left, right) => left - right));
      for (const stream of streams) {
        const own = taken.filter((event) => event.stream === stream);
        expect(own.map(({ revision }) => revision)).toEqual(own.map((_, n) => n));
        expect(own).toHaveLength(20);
      }
    });

    it('ends when it is told to, also while it waits', async () => {
      const after = await append(newStream(), 1);
      const done = new AbortController();
      const taken: RecordedEvent[] = [];
      const following = (async () => {
        const options = { after, signal: done.signal };
        for await (const event of opened().log.subscribe(options)) taken.push(event);
      })();
      const stream = newStream();
      await append(stream, 2);
      while (taken.length < 2) await new Promise((resolve) => setImmediate(resolve));
      done.abort();
      await following;
      await append(stream, 1);
      expect(taken).toHaveLength(2);
    });

    it('never begins when it was told to end before', async () => {
      const stream = newStream();
      await append(stream, 1);
      const events = opened().log.subscribe({ after: 0, signal: AbortSignal.abort() });
      for await (const event of events) expect(event).toBeUndefined();
    });
  });
}

const places = (events: readonly RecordedEvent[]) =>
  events.map(({ stream, revision }) => [stream, revision]);
