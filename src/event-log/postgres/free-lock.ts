import type { Pool } from 'pg';

/**
 * Ends a session that holds the lock of appends and that the server has long been waiting for: its
 * process was stopped, or cut off, between two statements of a transaction, or before the end of
 * one was sent. Nobody's append may wait for it. What it was doing is rolled back, and it sends it
 * again if it ever goes on. A session that is at work is left alone, however long it takes.
 */
export async function freeLock(pool: Pool): Promise<void> {
  // Of a database that does not answer there is nothing to be freed.
  await pool.query({ name: 'free lock', text: END_IDLE_HOLDER }).catch(() => undefined);
}

/** A `bigint` key of an advisory lock stands in two columns, high half first. */
const END_IDLE_HOLDER = `SELECT pg_terminate_backend(holder.pid)
  FROM pg_locks AS lock JOIN pg_stat_activity AS holder ON holder.pid = lock.pid
  WHERE lock.locktype = 'advisory' AND lock.granted
    AND lock.classid = 0 AND lock.objid = 6073911 AND lock.objsubid = 1
    AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND holder.wait_event_type = 'Client'
    AND holder.state_change < clock_timestamp() - interval '1 second'`;
