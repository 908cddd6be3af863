/** Returns the code of a system error, as `ENOENT`; "" for anything else. */
export function codeOf(error: unknown): string {
  // Not by instanceof: an error of another realm (Jest runs specs in one) is no Error here.
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/**
 * Hears that the disk could not keep what it was given. What it still holds is unknown from then
 * on, so whoever listens ends the process.
 */
export type SyncFailedListener = (error: unknown) => void;
