export interface Turns {
  /** The place of the case to begin with. */
  readonly first: number;
  /** On the clock of `performance.now()`. */
  readonly untilMs: number;
}

/**
 * Takes cases one after the other, each once at most, until the time is over or one fails. Prints
 * the line of JSON that a soak job ends with: what was said of them, and which case is next.
 *
 * @param take  returns whether a case is done with; one that is not comes again
 * @param say  what came of those that were taken
 */
export async function takeInTurn<Case>(
  cases: readonly Case[],
  { first, untilMs }: Turns,
  take: (one: Case) => Promise<boolean>,
  say: () => { readonly count: number; readonly told: string },
): Promise<void> {
  let next = first;
  let failure: string | undefined;
  try {
    while (performance.now() < untilMs && next < first + cases.length) {
      const one = cases[next % cases.length];
      if (one && (await take(one))) next++;
    }
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  const { count, told } = say();
  const said = `next ${next % cases.length} of ${cases.length}; ${told}`;
  const detail = failure === undefined ? said : `${failure}; ${said}`;
  const verdict = failure === undefined ? 'ok' : 'failed';
  console.log(JSON.stringify({ count, verdict, detail }));
}
