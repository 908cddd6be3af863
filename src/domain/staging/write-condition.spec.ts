import { describe, expect, it } from '@jest/globals';
import { entry } from '../../../test/support/samples/staging.samples.js';
import { DomainError } from '../errors.js';
import { assertHolds, type WriteCondition } from './write-condition.js';

const codeOf = (condition: WriteCondition, current = false): string => {
  try {
    assertHolds(condition, current ? entry : undefined);
    return 'holds';
  } catch (error) {
    return error instanceof DomainError ? error.code : String(error);
  }
};
const oneOf = (...anyOf: string[]): WriteCondition => ({ kind: 'checksum', anyOf });

describe('a condition of a write', () => {
  it('that nothing be there is refused where something is', () => {
    expect(codeOf({ kind: 'absent' })).toBe('holds');
    expect(codeOf({ kind: 'absent' }, true)).toBe('path_exists');
  });

  it('that something be there is refused where nothing is', () => {
    expect(codeOf({ kind: 'present' }, true)).toBe('holds');
    expect(codeOf({ kind: 'present' })).toBe('precondition_failed');
  });

  it('on a checksum is refused of another one, and where nothing is', () => {
    expect(codeOf(oneOf('x', entry.checksum), true)).toBe('holds');
    expect(codeOf(oneOf('x'), true)).toBe('precondition_failed');
    expect(codeOf(oneOf(), true)).toBe('precondition_failed');
    expect(codeOf(oneOf(entry.checksum))).toBe('precondition_failed');
  });
});
