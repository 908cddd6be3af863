import { describe, expect, it } from '@jest/globals';
import { XidSource, xidSeconds } from './xid.js';

// The example of the format's own documentation: time, machine, process, counter.
const KNOWN = Uint8Array.of(0x60, 0xf4, 0x86, 0xe4, 0x28, 0x41, 0x2d);

describe('an xid', () => {
  it('is the base32hex of its bytes', () => {
    const source = new XidSource(Uint8Array.of(0x60, 0xf4, 0x86, 0xe4, 0x28, 0x41, 0x2d, 0xc8));
    // 4d88e15b 60f486e428 412dc9, the published vector "9m4e2mr0ui3e8a215n4g".
    expect(source.next(0x4d88e15b)).toBe('9m4e2mr0ui3e8a215n4g');
  });

  it('gives its time back', () => {
    const source = new XidSource(Uint8Array.of(...KNOWN, 0));
    for (const seconds of [0, 1, 31, 32, 0x4d88e15b, 0x7fffffff, 0x80000000, 0xffffffff]) {
      expect(xidSeconds(source.next(seconds))).toBe(seconds);
    }
  });

  it('keeps the low 32 bits of a time after 2106', () => {
    const source = new XidSource(Uint8Array.of(...KNOWN, 0));
    expect(xidSeconds(source.next(64060588800))).toBe(64060588800 % 2 ** 32);
  });

  it('goes on when its counter is full', () => {
    const source = new XidSource(Uint8Array.of(1, 2, 3, 4, 5, 0xff, 0xff, 0xfe));
    const ids = [source.next(7), source.next(7), source.next(7)];
    expect(new Set(ids).size).toBe(3);
    expect(ids.map((id) => id.length)).toEqual([20, 20, 20]);
  });

  it('is not told from other texts by chance', () => {
    for (const text of [
      '',
      'x',
      '9m4e2mr0ui3e8a215n4',
      '9m4e2mr0ui3e8a215n41',
      `${'w'.repeat(20)}`,
    ])
      expect(xidSeconds(text)).toBeUndefined();
  });
});
