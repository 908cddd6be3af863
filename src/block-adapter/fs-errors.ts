/** Returns the code of a system error, as `ENOENT`; "" for anything else. */
export function codeOf(error: unknown): string {
  // Not by instanceof: an error of another realm (Jest runs specs in one) is no Error here.
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}
