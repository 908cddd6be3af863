import { isUtf8 } from 'node:buffer';
import { expect } from '@jest/globals';
import { fold, type Decider } from '../../src/domain/decider.js';
import { DomainError, type DomainErrorCode } from '../../src/domain/errors.js';
import type { DomainEvent } from '../../src/domain/event-types.js';
import { InvariantError } from '../../src/shared/assert.js';
import type { KvWrite } from '../../src/ports/kv-store.js';
import { decodeValue } from '../../src/projections/kv-codec.js';
import type { Projection } from '../../src/projections/projection.js';
import { fromUtf8 } from '../../src/shared/bytes.js';
import { frozen } from './samples/frozen.js';
import { NOW_MS } from './samples/repository.samples.js';

/** `given(…events).when(command).then(…events)`, of one aggregate; samples are frozen. */
export const specFor =
  <Command, State, Event>(decider: Decider<Command, State, Event>) =>
  (...events: readonly Event[]) => {
    const state = () => frozen(fold(decider, frozen(events)));
    const decide = (command: Command) => decider.decide(frozen(command), state());
    return {
      when: (command: Command) => ({
        // oxlint-disable-next-line unicorn/no-thenable
        then: (...expected: readonly Event[]) => expect(decide(command)).toEqual(expected),
        refused: (code: DomainErrorCode) => {
          expect(() => decide(command)).toThrow(DomainError);
          expect(() => decide(command)).toThrow(expect.objectContaining({ code }));
        },
        isABug: () => expect(() => decide(command)).toThrow(InvariantError),
        /** Sends it again on what came of it. */
        thenAgain: (...expected: readonly Event[]) => {
          const after = fold(decider, decide(command), state());
          expect(decider.decide(command, frozen(after))).toEqual(expected);
        },
        thenAgainRefused: (code: DomainErrorCode) => {
          const after = fold(decider, decide(command), state());
          const again = () => decider.decide(command, after);
          expect(again).toThrow(expect.objectContaining({ code }));
        },
      }),
      /** The fold refuses these events in this order: one of them breaks an invariant. */
      cannotBe: (why: string) => {
        expect(state).toThrow(InvariantError);
        expect(state).toThrow(why);
      },
      is: (expected: State) => expect(state()).toEqual(expected),
      has: (part: object) => expect(state()).toMatchObject(part),
    };
  };

/** `given(stream, …events).writes(…)`, of one projection: writes as text. */
export const writesOf =
  <Event extends DomainEvent>(projection: Projection<Event>) =>
  (stream: string, ...events: readonly Event[]) => ({
    writes: (...expected: readonly (readonly unknown[])[]) => {
      const writes = frozen(events).flatMap((event) => {
        expect(projection.takes).toContain(event.type);
        return projection.project({ stream, atMs: NOW_MS, event });
      });
      for (const { partition } of writes) expect(partition.split('/')[0]).toBe(projection.name);
      expect(writes.map(told)).toEqual(expected);
    },
  });

/** Most keys are text; those that go downwards are not. */
const textOf = (key: Uint8Array): string =>
  isUtf8(key) ? fromUtf8(key) : `hex ${Buffer.from(key).toString('hex')}`;

function told(write: KvWrite): readonly unknown[] {
  const { kind, partition } = write;
  switch (kind) {
    case 'put':
      return [kind, partition, textOf(write.key), decodeValue(write)];
    case 'delete':
      return [kind, partition, textOf(write.key)];
    case 'drop':
      return [
        kind,
        partition,
        ...(write.from ? [`from ${textOf(write.from)}`] : []),
        ...(write.until ? [`until ${textOf(write.until)}`] : []),
      ];
  }
}
