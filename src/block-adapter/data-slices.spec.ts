import { describe, expect, it } from '@jest/globals';
import { xidSeconds } from '../shared/xid.js';
import { DataSlices, SLICE_MS_MAX, SLICE_NAMES_MAX, sliceStartedAtMs } from './data-slices.js';

const AT = Date.UTC(2026, 10, 21, 9, 30);
const random = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const partsOf = (key: string): string[] => key.split('/');

describe('object names in slices', () => {
  it('are data, a slice and an id with the time of the object', () => {
    const [data, slice = '', name = ''] = partsOf(
      new DataSlices({ nowMs: () => AT }, random).next(),
    );
    expect(data).toBe('data');
    expect(slice).toMatch(/^[0-9a-v]{20}$/);
    expect(xidSeconds(name)).toBe(AT / 1000);
    expect(sliceStartedAtMs(slice)).toBe(AT);
  });

  it('share a slice for an hour, and a newer slice sorts first', () => {
    let nowMs = AT;
    const slices = new DataSlices({ nowMs: () => nowMs }, random);
    const first = partsOf(slices.next())[1] ?? '';
    nowMs += SLICE_MS_MAX - 1;
    expect(partsOf(slices.next())[1]).toBe(first);
    nowMs += 1;
    const second = partsOf(slices.next())[1] ?? '';
    expect(second < first).toBe(true);
  });

  it('share a slice for 50,000 names and never repeat one', () => {
    const slices = new DataSlices({ nowMs: () => AT }, random);
    const keys = Array.from({ length: SLICE_NAMES_MAX + 1 }, () => slices.next());
    expect(new Set(keys).size).toBe(keys.length);
    const used = keys.map((key) => partsOf(key)[1]);
    expect(new Set(used.slice(0, SLICE_NAMES_MAX)).size).toBe(1);
    expect(used.at(-1)).not.toBe(used[0]);
  });

  it('begin a new slice when the clock was set back by an hour', () => {
    let nowMs = AT;
    const slices = new DataSlices({ nowMs: () => nowMs }, random);
    const first = partsOf(slices.next())[1];
    nowMs -= SLICE_MS_MAX;
    expect(partsOf(slices.next())[1]).not.toBe(first);
  });
});
