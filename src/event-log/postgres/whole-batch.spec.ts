import { describe, expect, it } from '@jest/globals';
import { context, newEvent } from '../../../test/support/new-events.js';
import type { AppendMark, StreamAppend } from '../../ports/event-log.js';
import { utf8 } from '../../shared/bytes.js';
import { prepareGroup, type PreparedGroup } from '../prepare-group.js';
import { WholeBatch } from './whole-batch.js';

const group = (
  first: Partial<StreamAppend> = {},
  ...rest: Partial<StreamAppend>[]
): PreparedGroup =>
  prepareGroup(
    [first, ...rest].map((append) => ({
      stream: 's',
      expected: 'open',
      events: [newEvent()],
      ...append,
    })),
    context,
    () => [],
  );

const closing = { events: [newEvent({ closes: true })] };
const isWhole = (...groups: PreparedGroup[]) => WholeBatch.of(groups) !== undefined;

describe('a batch that is asked for as a whole', () => {
  it('may hold what all fits together', () => {
    expect(isWhole(group(), group(), group({ expected: 'any' }))).toBe(true);
    expect(isWhole(group({ expected: 'none' }), group(), group({ expected: 1 }))).toBe(true);
    expect(isWhole(group({ expected: 'any' }), group({ expected: 7 }))).toBe(true);
    expect(isWhole(group({ expected: 6 }), group({ expected: 7 }), group(closing))).toBe(true);
    expect(isWhole(group(closing), group({ stream: 'other' }))).toBe(true);
  });

  it('holds nothing that another part of it would have refused', () => {
    expect(isWhole(group(closing), group())).toBe(false);
    expect(isWhole(group(), group({ expected: 'none' }))).toBe(false);
    expect(isWhole(group({ expected: 6 }), group({ expected: 6 }))).toBe(false);
    expect(isWhole(group({ expected: 'any' }), group({ expected: 0 }))).toBe(true);
    expect(isWhole(group({ events: [newEvent(), newEvent()] }), group({ expected: 0 }))).toBe(
      false,
    );
    expect(isWhole(group({ expected: 'any' }), group({ expected: -1 }))).toBe(false);
  });

  it('holds nothing that has to be judged alone: two conditions on one end, or a guard', () => {
    expect(isWhole(group(), group({ expected: 7 }))).toBe(false);
    expect(isWhole(group({ guard: { key: utf8('k'), sinceRevision: 0 } }))).toBe(false);
  });

  it('holds what stands behind a group of it, or behind one that was accepted', () => {
    const mark: AppendMark = { isAccepted: false };
    expect(isWhole(group({ mark }), group({ behind: mark }))).toBe(true);
    expect(isWhole(group({ behind: mark }), group({ mark }))).toBe(false);
    expect(isWhole(group({ behind: mark }))).toBe(false);
    mark.isAccepted = true;
    expect(isWhole(group({ behind: mark }))).toBe(true);
  });

  it('tells each append where its last event is, from where each stream ended before', () => {
    const two = { stream: 'other', expected: 'any' as const, events: [newEvent(), newEvent()] };
    const batch = WholeBatch.of([group(), group(two, {}), group()]);
    expect(batch?.verdicts([100, 4, -1])).toEqual([
      [{ revision: 5, position: 101, isRepeated: false }],
      [
        { revision: 1, position: 103, isRepeated: false },
        { revision: 6, position: 104, isRepeated: false },
      ],
      [{ revision: 7, position: 105, isRepeated: false }],
    ]);
  });
});
