// A process of its own that appends over several connections; prints what was acknowledged.
import { randomUUID } from 'node:crypto';
import { Pool, type ClientConfig } from 'pg';
import type { CommandId, EventId } from '../../src/domain/model.js';
import { configOf, connectorOf } from '../../src/event-log/postgres/connect.js';
import { PostgresEventLog } from '../../src/event-log/postgres/postgres-event-log.js';
import { EventRefused } from '../../src/ports/store-errors.js';
import type { NewEvent } from '../../src/ports/event-log.js';

/** What the parent passes, as JSON, in the one argument. */
export interface AppendingTask {
  readonly connection: ClientConfig;
  readonly name: string;
  readonly connections: number;
  readonly appendsPerConnection: number;
}

/** What it prints when it is done. */
export interface AppendingReport {
  readonly acknowledged: readonly string[];
  /** Only a database that is broken on purpose refuses these. */
  readonly refusedCount: number;
}

async function run(task: AppendingTask): Promise<AppendingReport> {
  const { connection, name, connections, appendsPerConnection } = task;
  const acknowledged: string[] = [];
  let refusedCount = 0;
  const one = async (index: number): Promise<void> => {
    const log = new PostgresEventLog({
      connect: connectorOf(connection),
      pool: new Pool(configOf(connection, 'read log')),
      project: () => [],
      onFatal: (error) => {
        throw error;
      },
    });
    for (let n = 0; n < appendsPerConnection; n++) {
      // Several events in some of them, so that commits take unlike times.
      const events = Array.from({ length: n % 7 === 0 ? 20 : 1 }, newEvent);
      try {
        await log.append([{ stream: `${name}-${index}`, expected: 'any', events }], {
          atMs: n,
          caller: name,
          requestId: '',
          commandId: '' as CommandId,
        });
        for (const { id } of events) acknowledged.push(id);
      } catch (error) {
        if (!(error instanceof EventRefused)) throw error;
        refusedCount++;
      }
    }
    await log.close();
  };
  await Promise.all(Array.from({ length: connections }, (_, index) => one(index)));
  return { acknowledged, refusedCount };
}

const newEvent = (): NewEvent => ({
  id: randomUUID() as EventId,
  type: 'Appended',
  version: 1,
  data: { text: 'x'.repeat(200) },
});

const [, , task = '{}'] = process.argv;
console.log(JSON.stringify(await run(JSON.parse(task) as AppendingTask)));
