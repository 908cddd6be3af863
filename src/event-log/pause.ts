/** Doubles up to a bound, and scatters, so that callers do not come back all at once. */
export function pauseMs(attempt: number): number {
  const pause = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** attempt);
  return pause * (0.5 + Math.random() / 2);
}

const PAUSE_MS_MIN = 10;
const PAUSE_MS_MAX = 500;
