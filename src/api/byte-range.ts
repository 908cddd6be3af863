import { DomainError } from '../domain/errors.js';

/** First and last byte, both inclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The range cannot be served. */
export class RangeNotSatisfiable extends DomainError<'range_not_satisfiable'> {
  /** @param sizeBytes  given when the answer is to say how large the object is */
  constructor(readonly sizeBytes: number | undefined) {
    super('range_not_satisfiable');
  }
}

/**
 * Reads a `Range` header. One range only: what asks for several is not satisfied.
 *
 * @throws DomainError invalid  not of the form of a range of bytes
 * @throws RangeNotSatisfiable  nothing of it lies in the object
 */
export function byteRangeOf(header: string, sizeBytes: number): ByteRange {
  if (!form.test(header)) {
    throw new DomainError('invalid', { field: 'Range', reason: 'must be bytes=<first>-<last>' });
  }
  const [, first = '', last = ''] = single.exec(header) ?? [];
  if (first === '' && last === '') throw new RangeNotSatisfiable(undefined);
  if (first === '') return suffixOf(Number(last), sizeBytes);
  const start = Number(first);
  const end = last === '' ? sizeBytes - 1 : Number(last);
  if (last !== '' && start > end) throw new RangeNotSatisfiable(undefined);
  if (start >= sizeBytes) throw new RangeNotSatisfiable(sizeBytes);
  return { start, end: Math.min(end, sizeBytes - 1) };
}

function suffixOf(bytes: number, sizeBytes: number): ByteRange {
  if (bytes === 0 || sizeBytes === 0) throw new RangeNotSatisfiable(sizeBytes);
  return { start: Math.max(sizeBytes - bytes, 0), end: sizeBytes - 1 };
}

/** Looser than the contract's own rule, which takes exponential time over digits and dashes. */
const form = /^bytes=[\d, ]*-[-\d, ]*$/;
const single = /^bytes=(\d{0,15})-(\d{0,15})$/;
