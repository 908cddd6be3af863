import { describe, expect, it } from '@jest/globals';
import { MemoryEventLog } from '../../src/event-log/memory-event-log.js';
import { MemoryKvStore } from '../../src/kv-adapter/memory-kv-store.js';
import { eventIdOf } from '../../src/domain/event-id.js';
import type { CommandId } from '../../src/domain/model.js';
import type { EventLog } from '../../src/ports/event-log.js';
import { lastThat, pagesOf } from '../../src/queries/as-of/places.js';
import { SeededRandom } from '../support/seeded-random.js';
import { seed } from '../support/seed.js';

const emptyLog = () => new MemoryEventLog({ kv: new MemoryKvStore(), project: () => [] });

/** Appends an event for each time, between others of another stream. */
async function append(log: EventLog, times: readonly number[]): Promise<void> {
  for (const [nth, atMs] of times.entries()) {
    const context = { atMs, caller: '', requestId: '', commandId: 'c' as CommandId };
    const event = { id: eventIdOf('c', nth), type: 'Noted', version: 1, data: {} };
    for (const stream of nth % 3 === 0 ? ['other', 'one'] : ['one']) {
      await log.append([{ stream, expected: 'any', events: [event] }], context);
    }
  }
}

describe(`a place in a stream, seed ${seed}`, () => {
  it('is the last before the first that is not meant, whatever the length', async () => {
    const random = new SeededRandom(seed);
    for (const length of [0, 1, 2, 16, 17, 18, 19, 150, 700]) {
      const log = emptyLog();
      await append(
        log,
        Array.from({ length }, (_, nth) => nth),
      );
      for (let round = 0; round < 40; round++) {
        const from = random.below(length + 1);
        const to = from + random.below(length - from + 1) - 1;
        const until = random.below(length + 2) - 1;
        const found = await lastThat(log, 'one', { from, to }, ({ atMs }) => atMs <= until);
        const expected = Math.min(until, to);
        expect(found?.revision).toBe(expected < from ? undefined : expected);
      }
    }
  });

  it('lies between two that tell it apart when times are not in their order', async () => {
    const random = new SeededRandom(seed);
    const log = emptyLog();
    // Two nodes, of which one is up to thirty milliseconds ahead.
    const times = Array.from({ length: 500 }, (_, nth) => nth * 2 + random.below(2) * 30);
    await append(log, times);
    const span = { from: 0, to: times.length - 1 };
    for (let atMs = -1; atMs < 1_040; atMs += 7) {
      const found = await lastThat(log, 'one', span, (event) => event.atMs <= atMs);
      const at = found?.revision ?? -1;
      expect(times[at] ?? Number.NEGATIVE_INFINITY).toBeLessThanOrEqual(atMs);
      expect(times[at + 1] ?? Number.POSITIVE_INFINITY).toBeGreaterThan(atMs);
    }
  });

  it('is found by few looks', async () => {
    const log = emptyLog();
    await append(
      log,
      Array.from({ length: 5_000 }, (_, nth) => nth),
    );
    const read = log.read.bind(log);
    let events = 0;
    log.read = async (...asked) => {
      const found = await read(...asked);
      events += found.length;
      return found;
    };
    for (const until of [0, 17, 2_500, 4_999]) {
      events = 0;
      await lastThat(log, 'one', { from: 0, to: 4_999 }, ({ atMs }) => atMs <= until);
      expect(events).toBeLessThan(50);
    }
  });

  it('and all that lies in a span, page by page', async () => {
    const log = emptyLog();
    await append(
      log,
      Array.from({ length: 2_500 }, (_, nth) => nth),
    );
    for (const [from, to] of [
      [0, -1],
      [0, 0],
      [3, 1_002],
      [0, 2_499],
      [2_400, 9_999],
    ] as const) {
      const seen: number[] = [];
      for await (const events of pagesOf(log, 'one', { from, to })) {
        seen.push(...events.map(({ revision }) => revision));
      }
      const length = Math.max(0, Math.min(to, 2_499) - from + 1);
      expect(seen).toEqual(Array.from({ length }, (_, nth) => from + nth));
    }
  });
});
