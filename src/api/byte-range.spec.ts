import { describe, expect, it } from '@jest/globals';
import { DomainError } from '../domain/errors.js';
import { byteRangeOf, RangeNotSatisfiable } from './byte-range.js';

describe('a Range header over an object of 10 bytes', () => {
  it.each([
    ['bytes=0-3', 0, 3],
    ['bytes=3-', 3, 9],
    ['bytes=-4', 6, 9],
    ['bytes=-400', 0, 9],
    ['bytes=5-400', 5, 9],
    ['bytes=9-9', 9, 9],
  ])('%s is bytes %d to %d', (header, start, end) =>
    expect(byteRangeOf(header, 10)).toEqual({ start, end }),
  );

  it.each([
    ['bytes=10-', 10],
    ['bytes=-0', 10],
    ['bytes=4-3', undefined],
    ['bytes=-', undefined],
    ['bytes=0-1,3-4', undefined],
  ])('%s is not satisfied, and the answer says the size: %s', (header, sizeBytes) =>
    expect(() => byteRangeOf(header, 10)).toThrow(
      expect.objectContaining({ constructor: RangeNotSatisfiable, sizeBytes }),
    ),
  );

  it.each(['lines=1-2', 'bytes 1-2', 'bytes=a-b', 'bytes='])('%s is no range', (header) =>
    expect(() => byteRangeOf(header, 10)).toThrow(DomainError),
  );

  it('nothing of an empty object can be asked for', () => {
    expect(() => byteRangeOf('bytes=0-', 0)).toThrow(RangeNotSatisfiable);
    expect(() => byteRangeOf('bytes=-1', 0)).toThrow(RangeNotSatisfiable);
  });

  it('is read in no time however long it is', () => {
    for (const part of ['-', '11-11', '1', '-1,']) {
      expect(() => byteRangeOf(`bytes=${part.repeat(20_000)}x`, 10)).toThrow(DomainError);
    }
  });
});
