import type { Client } from 'pg';

/** What must not be in a log, each as a query of what is wrong, whole lines of text. */
const RULES: readonly { readonly wrong: string; readonly sql: string }[] = [
  {
    wrong: 'stored twice',
    // No two bodies of a round are equal; restored refs bring them into another repository.
    sql: `SELECT format('%s in %s, %s times', data->>'path', min(stream.name), count(*)) AS what
      FROM event JOIN stream ON stream.id = event.stream WHERE type = 'ObjectStaged'
      GROUP BY split_part(stream.name, '.', 1), data->>'path', data->'entry'->>'checksum'
      HAVING count(*) > 1`,
  },
  {
    wrong: 'two results of one intent',
    sql: `SELECT format('%s: %s', stream, data->>'intentId') AS what FROM event
      WHERE type IN ('Committed', 'Merged', 'HeadMoved', 'StagingDiscarded', 'Undone',
        'IntentFailed')
      GROUP BY stream, data->>'intentId' HAVING count(*) > 1`,
  },
  {
    wrong: 'a branch that waits',
    sql: `SELECT stream.name AS what FROM stream JOIN LATERAL (
        SELECT data FROM event WHERE event.stream = stream.id ORDER BY revision DESC LIMIT 1
      ) AS last ON true
      WHERE stream.name ^@ 'branch-' AND (last.data->'record'->>'pendingCount')::int > 0`,
  },
  {
    wrong: 'an open token that is not the newest of its branch',
    sql: `WITH token AS (
        SELECT substr(name, length('staging-') + 1) AS name, bool_or(closes) AS is_closed
          FROM stream JOIN event ON event.stream = stream.id
          WHERE stream.name ^@ 'staging-' GROUP BY stream.name
      ), branch AS (
        SELECT substr(stream.name, length('branch-') + 1) AS name, last.data->'record' AS record
          FROM stream JOIN LATERAL (
            SELECT data FROM event WHERE event.stream = stream.id ORDER BY revision DESC LIMIT 1
          ) AS last ON true WHERE stream.name ^@ 'branch-'
      )
      SELECT token.name AS what FROM token LEFT JOIN branch
        ON branch.name = split_part(token.name, '.', 1) || '-' || split_part(token.name, '.', 2)
      WHERE NOT token.is_closed AND (
        branch.record->>'life' IS DISTINCT FROM split_part(token.name, '.', 3)
        OR branch.record->'tokens'->>'hi' IS DISTINCT FROM split_part(token.name, '.', 4))`,
  },
  {
    wrong: 'a gap in the revisions',
    sql: `SELECT stream.name AS what FROM event JOIN stream ON stream.id = event.stream
      GROUP BY stream.name HAVING count(*) <> max(revision) + 1`,
  },
  {
    wrong: 'something behind what closed its stream',
    sql: `SELECT stream.name AS what FROM event AS closing JOIN event AS later
        ON later.stream = closing.stream AND later.revision > closing.revision
        JOIN stream ON stream.id = closing.stream
      WHERE closing.closes AND later.type IN ('ObjectStaged', 'ObjectUnstaged', 'ObjectCloned')`,
  },
  {
    wrong: 'rows of a repository that is gone',
    sql: `WITH gone AS (
        SELECT created.data->'repository'->>'uid' AS uid FROM event AS created
          JOIN event AS purged ON purged.stream = created.stream
            AND purged.revision > created.revision AND purged.type = 'RepositoryPurged'
          WHERE created.type = 'RepositoryCreated'
      )
      SELECT DISTINCT partition AS what FROM kv_row JOIN kv_slot USING (slot), gone
        WHERE state = 'active' AND strpos(partition, gone.uid) > 0
          AND partition !~ '^staging/'`,
  },
];

/** Says what a log has that it must not have, whatever clients were told. */
export async function wrongInLog(client: Client): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const { wrong: kind, sql } of RULES) {
    const { rows } = await client.query<{ what: string }>(sql);
    wrong.push(...rows.map(({ what }) => `${kind}: ${what}`));
  }
  return wrong;
}

/** Returns what still has to be done by somebody: intents, jobs, repositories that are going. */
export async function openWork(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ what: string }>(
    `SELECT partition || ' ' || encode(key, 'escape') AS what FROM kv_row JOIN kv_slot USING (slot)
      WHERE state = 'active' AND partition = ANY ($1)`,
    [WAITING_PARTITIONS],
  );
  return rows.map(({ what }) => what);
}

const WAITING_PARTITIONS = [
  'branches/@pending',
  'repositories/deleting',
  'imports/@running',
  'refs-tasks/@running',
];
