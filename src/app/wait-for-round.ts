import { setTimeout as wait } from 'node:timers/promises';

const ROUND_MS = 2_000;

let interrupted: AbortController | undefined;

/**
 * Returns after a while; false when the process was asked to end, which from the first call on no
 * longer ends it at once: a round under way is finished.
 */
export async function waitForRound(): Promise<boolean> {
  interrupted ??= listening();
  const { signal } = interrupted;
  if (signal.aborted) return false;
  return wait(ROUND_MS, true, { signal }).catch(() => false);
}

function listening(): AbortController {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => controller.abort());
  }
  return controller;
}
