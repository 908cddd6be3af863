import { describe, expect, it } from '@jest/globals';
import type { Expected, NewEvent, StreamEnd } from '../../../src/ports/event-log.js';
import { WrongExpectedRevision } from '../../../src/ports/store-errors.js';
import { utf8 } from '../../../src/shared/bytes.js';
import { about, closing, context, newEvent, newStream } from '../../support/new-events.js';
import type { OpenedLog } from './opened-log.js';

/** What an append is told of a stream in each of its states. */
export function judgingContract(opened: () => OpenedLog): void {
  const append = (stream: string, expected: Expected, ...events: NewEvent[]) =>
    opened().log.append([{ stream, expected, events }], context);
  const guarded = (
    stream: string,
    guard: { key: string; sinceRevision: number },
    ...events: NewEvent[]
  ) =>
    opened().log.append(
      [{ stream, expected: 'open', events, guard: { ...guard, key: utf8(guard.key) } }],
      context,
    );

  const states = {
    'has no event': [],
    'has one event': [newEvent],
    'has two events': [newEvent, newEvent],
    'is closed': [newEvent, closing],
    'is open again': [newEvent, closing, newEvent],
  } as const;
  type State = keyof typeof states;
  type Reason = WrongExpectedRevision['reason'];
  const verdicts: Record<State, readonly (readonly [Expected, 'in' | Reason])[]> = {
    'has no event': [
      ['none', 'in'],
      [-1, 'in'],
      ['any', 'in'],
      ['open', 'missing'],
      [0, 'missing'],
      [5, 'missing'],
    ],
    'has one event': [
      ['none', 'revision'],
      [-1, 'revision'],
      ['any', 'in'],
      ['open', 'in'],
      [0, 'in'],
      [1, 'revision'],
    ],
    'has two events': [
      ['none', 'revision'],
      ['any', 'in'],
      ['open', 'in'],
      [0, 'revision'],
      [1, 'in'],
      [2, 'revision'],
    ],
    'is closed': [
      ['none', 'revision'],
      ['any', 'in'],
      ['open', 'closed'],
      [0, 'revision'],
      [1, 'in'],
    ],
    'is open again': [
      ['none', 'revision'],
      ['any', 'in'],
      ['open', 'in'],
      [1, 'revision'],
      [2, 'in'],
    ],
  };

  async function streamThat(state: State): Promise<{ stream: string; end: StreamEnd }> {
    const stream = newStream();
    for (const make of states[state]) await append(stream, 'any', make());
    return { stream, end: { revision: states[state].length - 1, isClosed: state === 'is closed' } };
  }

  for (const [state, cases] of Object.entries(verdicts) as [State, (typeof verdicts)[State]][]) {
    describe(`a stream that ${state}`, () => {
      it('says where it ends', async () => {
        const { stream, end } = await streamThat(state);
        expect(await opened().log.end(stream)).toEqual(end);
      });

      for (const [expected, verdict] of cases) {
        if (verdict === 'in') {
          it(`takes an append that expects ${expected}`, async () => {
            const { stream, end } = await streamThat(state);
            const event = newEvent();
            const [result] = await append(stream, expected, event);
            expect(result).toMatchObject({ revision: end.revision + 1, isRepeated: false });
            expect((await opened().log.find(stream, event.id))?.position).toBe(result?.position);
          });
        } else {
          it(`refuses one that expects ${expected}: ${verdict}`, async () => {
            const { stream, end } = await streamThat(state);
            const refused = append(stream, expected, newEvent());
            await expect(refused).rejects.toThrow(WrongExpectedRevision);
            await expect(refused).rejects.toMatchObject({
              stream,
              expected,
              actual: end,
              reason: verdict,
            });
            expect(await opened().log.end(stream)).toEqual(end);
          });
        }
      }
    });
  }

  describe('an append of several events', () => {
    it('gives them revisions in their order, without gaps', async () => {
      const stream = newStream();
      const events = [newEvent(), newEvent(), newEvent()];
      const [result] = await append(stream, 'none', ...events);
      expect(result?.revision).toBe(2);
      const read = await opened().log.read(stream, { from: 0, direction: 'forward', limit: 10 });
      expect(read.map(({ id, revision }) => [id, revision])).toEqual(
        events.map(({ id }, index) => [id, index]),
      );
      expect(read.at(-1)?.position).toBe(result?.position);
    });

    it('closes its stream only when the last of them does', async () => {
      const stream = newStream();
      await append(stream, 'none', closing(), newEvent());
      expect((await opened().log.end(stream)).isClosed).toBe(false);
      await append(stream, 'any', newEvent(), closing());
      expect((await opened().log.end(stream)).isClosed).toBe(true);
    });
  });

  describe('a guard', () => {
    it('refuses when its key has an event after the revision it names', async () => {
      const stream = newStream();
      await append(stream, 'none', about('a'), about('b'), about('a'));
      const refused = guarded(stream, { key: 'a', sinceRevision: 1 }, about('a'));
      await expect(refused).rejects.toMatchObject({
        reason: 'guard',
        actual: { revision: 2, isClosed: false },
      });
    });

    it('lets an append in when the events after it are about other keys', async () => {
      const stream = newStream();
      await append(stream, 'none', about('a'), about('b'), newEvent());
      const [result] = await guarded(stream, { key: 'a', sinceRevision: 0 }, about('a'));
      expect(result?.revision).toBe(3);
    });

    it('looks at the whole stream since -1', async () => {
      const stream = newStream();
      await append(stream, 'none', about('a'), newEvent());
      await guarded(stream, { key: 'b', sinceRevision: -1 }, about('b'));
      await expect(
        guarded(stream, { key: 'a', sinceRevision: -1 }, about('a')),
      ).rejects.toMatchObject({ reason: 'guard' });
    });

    it('is asked after openness', async () => {
      const stream = newStream();
      await append(stream, 'none', about('a'), closing());
      await expect(
        guarded(stream, { key: 'a', sinceRevision: -1 }, about('a')),
      ).rejects.toMatchObject({ reason: 'closed' });
    });

    it('compares bytes: a key that begins with another is another', async () => {
      const stream = newStream();
      await append(stream, 'none', about('ab'), newEvent({ key: new Uint8Array([0]) }));
      await guarded(stream, { key: 'a', sinceRevision: -1 }, about('a'));
      await guarded(stream, { key: '', sinceRevision: -1 }, about(''));
      await expect(
        guarded(stream, { key: '\0', sinceRevision: -1 }, newEvent()),
      ).rejects.toMatchObject({ reason: 'guard' });
    });
  });

  describe('racing appends', () => {
    it('lets exactly one of those that expect the same revision in', async () => {
      const stream = newStream();
      await append(stream, 'none', newEvent());
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, () => append(stream, 0, newEvent())),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await opened().log.end(stream)).toEqual({ revision: 1, isClosed: false });
    });

    it('lets exactly one creator of a stream in', async () => {
      const stream = newStream();
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, () => append(stream, 'none', newEvent())),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it('lets exactly one guarded writer of a key in, and all writers of other keys', async () => {
      const stream = newStream();
      await append(stream, 'none', newEvent());
      const guard = { key: 'same', sinceRevision: 0 };
      const writes = Array.from({ length: 10 }, (_, index) => [
        guarded(stream, guard, about('same')),
        guarded(stream, { key: `own ${index}`, sinceRevision: 0 }, about(`own ${index}`)),
      ]);
      const outcomes = await Promise.allSettled(writes.flat());
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(11);
      expect((await opened().log.end(stream)).revision).toBe(11);
    });

    it('shows a guard what came in with it, behind refused and repeated ones too', async () => {
      const stream = newStream();
      const known = newEvent();
      await append(stream, 'none', known);
      const outcomes = await Promise.allSettled([
        append(stream, 9, about('a'), about('a')),
        append(stream, 'any', known),
        append(stream, 'open', newEvent(), about('b')),
        guarded(stream, { key: 'a', sinceRevision: 0 }, newEvent()),
        guarded(stream, { key: 'b', sinceRevision: 0 }, newEvent()),
        guarded(stream, { key: 'b', sinceRevision: 2 }, newEvent()),
      ]);
      expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([
        false,
        true,
        true,
        true,
        false,
        true,
      ]);
    });

    it('keeps all of those that expect an open stream, in the order they were asked', async () => {
      const stream = newStream();
      await append(stream, 'none', newEvent());
      const events = Array.from({ length: 50 }, () => newEvent());
      const results = await Promise.all(events.map((event) => append(stream, 'open', event)));
      expect(results.map(([result]) => result?.revision)).toEqual(events.map((_, at) => at + 1));
    });

    it('refuses what comes behind a close, and keeps what came before it', async () => {
      const stream = newStream();
      await append(stream, 'none', newEvent());
      const outcomes = await Promise.allSettled([
        append(stream, 'open', newEvent()),
        append(stream, 'open', closing()),
        append(stream, 'open', newEvent()),
        append(stream, 'any', newEvent()),
        append(stream, 'open', newEvent()),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual([
        'fulfilled',
        'fulfilled',
        'rejected',
        'fulfilled',
        'fulfilled',
      ]);
      expect(outcomes[2]).toMatchObject({ reason: { reason: 'closed', actual: { revision: 2 } } });
    });
  });
}
