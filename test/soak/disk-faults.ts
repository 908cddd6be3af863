// Every call to the disk fails once in each way, and all of that again for so many minutes; with
// none, a sample of them once. A line of JSON at the end says what came of it.
//
//   node scripts/run-ts.js test/soak/disk-faults.ts <seed> <minutes>
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DISK_FAULTS, FaultyDisk } from '../failure/faulty-disk.js';
import { SeededRandom } from '../support/seeded-random.js';
import { PostgresServer } from '../support/postgres-server.js';

const [seed = 1, minutes = 1] = process.argv.slice(2).map(Number);
const SAMPLED_EVERY = 17;
const isSample = minutes === 0;
const random = new SeededRandom(seed);
const untilMs = performance.now() + minutes * 60_000;
const folder = mkdtempSync(join(tmpdir(), 'mdisk-'));
const server = new PostgresServer(folder);
await server.start();
const disk = new FaultyDisk();
// What takes its calls from Node when it is loaded comes behind the one that stands between.
const { DiskCases } = await import('../failure/disk-cases.js');

const struck = new Map<string, number>();
let [count, rounds, calls] = [0, 0, 0];
const connection = { host: folder, user: 'postgres', database: 'postgres' };
const cases = await DiskCases.open({ connection, folder: join(folder, 'objects') }, disk);
const isOver = (): boolean => cases.wrong.length > 0 || (!isSample && performance.now() > untilMs);

async function round(): Promise<void> {
  calls = await cases.measure();
  const first = isSample ? random.below(SAMPLED_EVERY) : 0;
  for (const [turn, fault] of DISK_FAULTS.entries()) {
    const step = isSample ? SAMPLED_EVERY : 1;
    for (let at = 1 + ((first + turn) % step); at <= calls && !isOver(); at += step) {
      const name = await cases.run(at, fault);
      if (name === undefined) continue;
      count++;
      struck.set(name, (struck.get(name) ?? 0) + 1);
    }
  }
  rounds++;
}

try {
  do await round();
  while (cases.wrong.length === 0 && performance.now() < untilMs);
} catch (error) {
  cases.wrong.push(String(error));
}
disk.heal();
await cases.close();
await server.stop('SIGQUIT');
rmSync(folder, { recursive: true, force: true });
const [fault] = cases.wrong;
const kinds = [...struck].map(([name, times]) => `${name} ${times}`).join(', ');
const said = `each of ${calls} calls in ${DISK_FAULTS.length} ways, ${rounds} rounds: ${kinds}`;
const detail = fault === undefined ? said : `${fault} (of ${cases.wrong.length}); ${said}`;
const verdict = fault === undefined ? 'ok' : 'failed';
console.log(JSON.stringify({ count, verdict, detail }));
process.exit(fault === undefined ? 0 : 1);
