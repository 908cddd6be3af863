/**
 * Reads a time as RFC 3339 writes it; without a zone it is UTC.
 *
 * @returns UTC, epoch, milliseconds; what is finer is cut off. Undefined: it is none
 */
export function epochMsOf(text: string): number | undefined {
  if (!timeRule.test(text)) return undefined;
  const at = Date.parse(hasZone.test(text) ? text : `${text}Z`);
  return Number.isNaN(at) ? undefined : at;
}

const timeRule = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)?$/;
const hasZone = /(?:Z|[-+]\d\d:\d\d)$/;
