/** This program is wrong. Logged with everything, answered as 500 with no details. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** @throws InvariantError  `fact` is false: a bug here, never the caller's fault */
export function assert(fact: unknown, message: string): asserts fact {
  if (!fact) throw new InvariantError(message);
}

/** Closes a `switch`: a case that was forgotten does not compile. */
export function unreachable(value: never): never {
  throw new InvariantError(`not a known case: ${JSON.stringify(value)}`);
}
