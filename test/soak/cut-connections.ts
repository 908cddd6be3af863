// Cuts from one on for so many minutes, one after the other and at most each once; a line of JSON
// at the end says what came of it, and which would be next.
//
//   node scripts/run-ts.js test/soak/cut-connections.ts <first> <seed> <minutes>
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { inDatabase } from '../crash/cluster.js';
import { CutAppends, CUTS } from '../failure/cut-appends.js';
import { PostgresServer } from '../support/postgres-server.js';

/** Side by side, each in a database of its own: most of a cut is waiting for a session to end. */
const LANES = 6;
/** What one lane does before it looks at what is there. */
const CUTS_A_LOOK = 32;

const [first = 0, , minutes = 1] = process.argv.slice(2).map(Number);
const untilMs = performance.now() + minutes * 60_000;
const folder = mkdtempSync(join(tmpdir(), 'mcut-'));
const server = new PostgresServer(folder);
await server.start();

interface Lane {
  readonly appends: CutAppends;
  readonly connection: ClientConfig;
}

async function newLane(at: number): Promise<Lane> {
  const connection = { host: folder, user: 'postgres', database: `lane_${at}` };
  const postgres = { ...connection, database: 'postgres' };
  await inDatabase(postgres, (client) => client.query(`CREATE DATABASE ${connection.database}`));
  const appends = await CutAppends.open(connection, `${folder}/.s.PGSQL.5432`);
  await inDatabase(connection, (client) => appends.prepare(client));
  return { appends, connection };
}

/** A cut that does not come to its end is a find, and the others are not to be lost with it. */
const HANGS_MS = 40_000;

try {
  const lanes: Lane[] = [];
  // A database is copied from another one that nobody may use meanwhile.
  for (let at = 0; at < LANES; at++) lanes.push(await newLane(at));
  let count = 0;
  const wrong = (): readonly string[] => lanes.flatMap(({ appends }) => appends.wrong);
  const isOver = (): boolean =>
    count === CUTS.length || performance.now() > untilMs || wrong().length > 0;
  const work = async ({ appends, connection }: Lane): Promise<void> => {
    while (!isOver()) {
      for (let at = 0; at < CUTS_A_LOOK && !isOver(); at++) {
        const cut = CUTS[(first + count++) % CUTS.length];
        if (cut) await appends.cut(cut);
      }
      await inDatabase(connection, (client) => appends.verify(client));
    }
  };
  const hung = new Promise<true>((resolve) => {
    setTimeout(() => resolve(true), untilMs - performance.now() + HANGS_MS).unref();
  });
  const isHung = (await Promise.race([Promise.all(lanes.map(work)), hung])) === true;
  const sum = (number: (appends: CutAppends) => number): number =>
    lanes.reduce((all, { appends }) => all + number(appends), 0);
  const cutCount = sum((each) => each.cutCount);
  const faults = [...wrong()];
  if (isHung) faults.push(`a cut has no end, ${HANGS_MS / 1000} s behind the last`);
  else if (cutCount !== count) faults.push(`${cutCount} of ${count} cuts fell into their calls`);
  const said =
    `cuts from ${first % CUTS.length} of ${CUTS.length}; ` +
    `${sum((each) => each.repeatedCount)} appends were in before their answer was lost; ` +
    `${sum((each) => each.unknownCount)} asked again by their callers; ` +
    `next ${(first + count) % CUTS.length}`;
  const [fault] = faults;
  const detail = fault === undefined ? said : `${fault} (of ${faults.length}); ${said}`;
  const verdict = fault === undefined ? 'ok' : 'failed';
  console.log(JSON.stringify({ count: cutCount, verdict, detail }));
  if (!isHung) for (const { appends } of lanes) await appends.close();
} finally {
  await server.stop('SIGQUIT');
  rmSync(folder, { recursive: true, force: true });
}
// What hangs keeps the process.
process.exit();
