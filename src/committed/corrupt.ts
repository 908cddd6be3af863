import { CorruptData } from '../ports/store-errors.js';

/** Runs `read`, and names the file in what it says is corrupt. */
export function inFile<Result>(name: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw named(name, error);
  }
}

/** Returns the error to throw for one that came up while `name` was read; named once. */
export function named(name: string, error: unknown): unknown {
  if (!(error instanceof CorruptData) || error.message.startsWith(`${name}: `)) return error;
  return new CorruptData(`${name}: ${error.message}`, { cause: error });
}
