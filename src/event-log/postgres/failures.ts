import { DatabaseError } from 'pg';
import { InvariantError } from '../../shared/assert.js';

/**
 * What became of a statement that failed.
 *
 * - `lost`: the connection broke, so nobody said. It may have been done.
 * - `unavailable`: not done, and the server cannot do it now (disk full, memory, time).
 * - `refused`: not done, and it cannot be: something in it is wrong.
 * - `fatal`: the server found its own data damaged, or could not read or write it. Going on could
 *   acknowledge what is not kept; the process must stop.
 *
 * A full disk is not fatal: the statement is rolled back, reads go on, and space may come back.
 * When the server cannot write its own log it stops by itself, and that is `lost`.
 */
export type Failure = 'lost' | 'unavailable' | 'refused' | 'fatal';

export function failureOf(error: unknown): Failure {
  // Ours, from before anything was sent.
  if (error instanceof InvariantError) return 'refused';
  if (!(error instanceof DatabaseError) || error.code === undefined) return 'lost';
  const { code } = error;
  if (FATAL.has(code)) return 'fatal';
  if (LOST.has(code) || code.startsWith('08')) return 'lost';
  if (UNAVAILABLE.has(code) || code.startsWith('53') || code === SEALED) return 'unavailable';
  return 'refused';
}

/** Returns what a writer is told of a log that is sealed; undefined: it failed otherwise. */
export const sealOf = (error: unknown): string | undefined =>
  error instanceof DatabaseError && error.code === SEALED ? error.message : undefined;

/** Returns whether a row was there already, so that nothing of the statement was done. */
export const isUniqueViolation = (error: unknown): boolean =>
  error instanceof DatabaseError && error.code === '23505';

/** Damaged data, damaged index, I/O error (a failed fsync too), a file that is gone. */
const FATAL: ReadonlySet<string> = new Set(['XX001', 'XX002', '58030', '58P01']);
/** The server ends, crashed, starts, or has ended this session. */
const LOST: ReadonlySet<string> = new Set(['57P01', '57P02', '57P03', '57P05', '25P03', '25P04']);
/** Cancelled or timed out, lock not granted, deadlock, serialization, read-only server. */
const UNAVAILABLE: ReadonlySet<string> = new Set(['57014', '55P03', '40P01', '40001', '25006']);
/** Our own: somebody has ended the writing of this log. */
export const SEALED = 'MR001';
