import { describe, expect, it } from '@jest/globals';
import { eventIdOf } from '../../../src/domain/event-id.js';
import type { CommandId } from '../../../src/domain/model.js';
import { MemoryEventLog } from '../../../src/event-log/memory-event-log.js';
import { MemoryKvStore } from '../../../src/kv-adapter/memory-kv-store.js';
import type { AppendResult, Expected, StreamAppend } from '../../../src/ports/event-log.js';
import { EventRefused, WrongExpectedRevision } from '../../../src/ports/store-errors.js';
import { utf8 } from '../../../src/shared/bytes.js';
import { seed } from '../../support/seed.js';
import { Random } from '../branch-protocol/random.js';
import { LogStates, type Appended } from './log-states.js';

const context = { atMs: 0, caller: 'ann', requestId: 'r', commandId: 'c' as CommandId };

/** Groups of a few events on a few streams, so that most things happen again and again. */
function groupOf(random: Random): readonly StreamAppend[] {
  const names = ['staging-a', 'staging-b', 'branch-c'].slice(random.below(3));
  return names.slice(0, random.between(1, 2)).map((stream): StreamAppend => {
    const expected = random.pick<Expected>(['none', 'any', 'open', 'open', 0, 1, 2, 3]);
    const first = random.below(12);
    const count = random.between(1, 2);
    const events = Array.from({ length: count }, (_, at) => ({
      id: eventIdOf('event', first + at),
      type: 'Something',
      version: 1,
      data: { first },
      closes: first % 5 === 4,
      key: utf8(`k${first % 3}`),
    }));
    const guard = { key: utf8(`k${random.below(3)}`), sinceRevision: random.between(-1, 2) };
    return { stream, expected, events, ...(random.chance(30) && { guard }) };
  });
}

const told = (results: readonly AppendResult[]) =>
  results.map(({ revision, isRepeated }) => [revision, isRepeated]);

const refused = (error: unknown): unknown => {
  if (error instanceof WrongExpectedRevision) return [error.stream, error.actual, error.reason];
  if (error instanceof EventRefused) return error.name;
  throw error;
};

describe(`logs that share what they have in common, SEED=${seed}`, () => {
  it('judge each append as the memory log does', async () => {
    const random = new Random(seed);
    for (let round = 0; round < 40; round++) {
      const log = new MemoryEventLog({ kv: new MemoryKvStore(), project: () => [] });
      const states = new LogStates();
      let state = states.of([]);
      for (let step = 0; step < 20; step++) {
        const group = groupOf(random);
        const wanted = await log.append(group, context).then(told, refused);
        const appended: Appended = states.append(state, group, context);
        if (appended.kind === 'accepted') state = appended.log;
        const found =
          appended.kind === 'refused' ? refused(appended.error) : told(appended.results);
        expect(found).toEqual(wanted);
      }
    }
  });

  it('are one and the same when their streams are, whichever was written first', () => {
    const states = new LogStates();
    const event = { id: eventIdOf('event', 1), type: 'Something', version: 1, data: {} };
    const [left, right] = ['left', 'right'].map((stream) => (log: ReturnType<LogStates['of']>) => {
      const append = { stream, expected: 'none', events: [event] } as const;
      const appended = states.append(log, [append], context);
      if (appended.kind !== 'accepted') throw new Error(appended.kind);
      return appended.log;
    });
    const empty = states.of([]);
    if (!left || !right) throw new Error('two ways are compared');
    expect(left(right(empty))).toBe(right(left(empty)));
  });
});
