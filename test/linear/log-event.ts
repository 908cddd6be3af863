import type { EventLog, RecordedEvent } from '../../src/ports/event-log.js';

/** An event as it stands in the log, in the order that the log gives. */
export interface LoggedEvent {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly requestId: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Returns everything in a log, by its port. */
export async function readLog(log: EventLog): Promise<readonly LoggedEvent[]> {
  const events: RecordedEvent[] = [];
  for (let after = 0; ;) {
    const page = await log.readAll({ after, limit: 1000 });
    events.push(...page);
    after = page.at(-1)?.position ?? after;
    if (page.length === 0) return events;
  }
}

export const READ_LOG = `SELECT e.position, s.name AS stream, e.revision, e.type,
    e.request_id AS "requestId", e.data
  FROM event e JOIN stream s ON s.id = e.stream WHERE s.name ~ $1 ORDER BY e.position`;
