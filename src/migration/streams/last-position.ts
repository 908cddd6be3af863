import type { EventLog } from '../../ports/event-log.js';

/** How near is near enough for who wants to know how much there is to do. */
const PART = 0.005;

/** Returns about the position of a log's last event, from below; `after` when there is none. */
export async function lastPositionOf(log: EventLog, after: number): Promise<number> {
  const firstAfter = async (position: number): Promise<number | undefined> =>
    (await log.readAll({ after: position, limit: 1 }))[0]?.position;
  const first = await firstAfter(after);
  if (first === undefined) return after;
  let [low, step] = [first, 1024];
  let high = Number.POSITIVE_INFINITY;
  while (high - low > Math.max(1, (low - after) * PART)) {
    const middle = Number.isFinite(high) ? Math.floor((low + high) / 2) : low + step;
    const next = await firstAfter(middle);
    if (next === undefined) high = middle;
    else low = next;
    step *= 2;
  }
  return low;
}
