/** The protocol did what it must not. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** @throws Violation */
export function must(fact: unknown, message: string): asserts fact {
  if (!fact) throw new Violation(message);
}
