import type { ClientConfig } from 'pg';
import { Client } from 'pg';

/** An event as the table of the log has it. */
export interface LoggedEvent {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  /** The repository's, by the stream's name or what the event says. */
  readonly uid: string | undefined;
  readonly branch: string | undefined;
}

/** What a consumer asked for; said again here, by other means than the server's. */
export interface AskedFeed {
  readonly uid?: string;
  readonly branch?: string;
  readonly types?: readonly string[];
}

/** Returns what consumers should have been told, read past everything that tells them. */
export async function loggedEvents(connection: ClientConfig): Promise<readonly LoggedEvent[]> {
  const client = new Client(connection);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, string | null>>(TELLABLE);
    return rows.map((row) => ({
      position: Number(row['position']),
      stream: row['stream'] ?? '',
      revision: Number(row['revision']),
      id: row['id'] ?? '',
      type: row['type'] ?? '',
      uid: row['uid'] ?? undefined,
      branch: row['branch'] ?? undefined,
    }));
  } finally {
    await client.end();
  }
}

export const expectedOf = (
  logged: readonly LoggedEvent[],
  { uid, branch, types }: AskedFeed,
): readonly number[] =>
  logged
    .filter((event) => uid === undefined || event.uid === uid)
    .filter((event) => branch === undefined || event.branch === branch)
    .filter(({ type }) => types === undefined || types.includes(type))
    .map(({ position }) => position);

/** Returns what is wrong with what a consumer was told, in a line; undefined: nothing. */
export function wrongWith(told: Uint32Array, expected: readonly number[]): string | undefined {
  for (let at = 0; at < Math.max(told.length, expected.length); at++) {
    const [is, should] = [told[at], expected[at]];
    if (is === should) continue;
    if (should === undefined) return `number ${at} is ${is}, behind all there is`;
    if (is === undefined) return `${expected.length - at} are missing at the end, from ${should}`;
    const before = told[at - 1] ?? 0;
    if (is <= before) return `number ${at} is ${is}, which came before: ${should} should be there`;
    return `number ${at} is ${is}, and should be ${should}`;
  }
  return undefined;
}

const TELLABLE = `
  SELECT e.position, s.name AS stream, e.revision, e.id, e.type,
      CASE WHEN s.name LIKE 'repository-%'
        THEN coalesce(e.data::jsonb #>> '{repository,uid}', e.data::jsonb ->> 'uid')
        ELSE substring(s.name FROM
          '^(?:branch|staging|tag|commit|import|pull|refs-task)-([0-9a-v]{20})')
      END AS uid,
      coalesce(
        substring(s.name FROM '^branch-[0-9a-v]{20}-(.*)$'),
        substring(s.name FROM '^staging-[0-9a-v]{20}[.]([^.]*)[.]')
      ) AS branch
    FROM event e JOIN stream s ON s.id = e.stream
    WHERE e.type NOT LIKE 'Request%' AND e.type <> 'InstallationSetUp'
      AND e.type NOT IN ('AddressLinked', 'PartStored', 'PartsRemoved')
      AND e.type NOT LIKE 'Multipart%'
    ORDER BY e.position`;
