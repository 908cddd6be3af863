// Blocks are stored while syncs are slow and fail, and what is acknowledged must outlive a power
// loss: for so many minutes; with none, some rounds. A line of JSON at the end tells what came of
// it.
//
//   node scripts/run-ts.js test/soak/power-loss.ts <seed> <minutes>
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ForgetfulDisk } from '../failure/forgetful-disk.js';
import { SeededRandom } from '../support/seeded-random.js';

const [seed = 1, minutes = 1] = process.argv.slice(2).map(Number);
const SAMPLED_ROUNDS = 4;
const BLOCKS_EACH = 12;
/** In the first of four rounds no sync fails. */
const FAILS_EVERY = [0, 15, 30, 100];

const untilMs = performance.now() + minutes * 60_000;
const random = new SeededRandom(seed);
const disk = new ForgetfulDisk(random);
// What takes its calls from Node when it is loaded comes behind the one that stands between.
const { PowerLosses } = await import('../failure/power-loss.js');

let [count, refused, rounds] = [0, 0, 0];
let wrong: string | undefined;
while (wrong === undefined && (rounds < SAMPLED_ROUNDS || performance.now() < untilMs)) {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'mpower-')));
  disk.failsEvery = 0;
  const losses = await PowerLosses.open(root, disk, random);
  disk.failsEvery = FAILS_EVERY[rounds++ % FAILS_EVERY.length] ?? 0;
  await losses.run(BLOCKS_EACH);
  count += losses.keptCount;
  refused += losses.refusedCount;
  wrong = losses.wrong[0];
  rmSync(root, { recursive: true, force: true });
}
const said = `${disk.syncCount} syncs, of which ${disk.failCount} failed; ${refused} were refused`;
const detail = wrong === undefined ? said : `round ${rounds}: ${wrong}; ${said}`;
console.log(JSON.stringify({ count, verdict: wrong === undefined ? 'ok' : 'failed', detail }));
