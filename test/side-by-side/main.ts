// Histories on this server and on lakeFS, for so many minutes; a line of JSON at the end says what
// came of it.
//
//   node scripts/run-ts.js test/side-by-side/main.ts <seed> <minutes>
//
// OURS_URL and PEER_URL say where the two listen; both have the administrator of
// SIDE_ACCESS_KEY_ID and SIDE_SECRET_ACCESS_KEY. Without PEER_URL the maps alone judge.
import { runHistory, type HistoryReport } from './run-history.js';
import type { Kind } from './generate.js';
import { makeImportFolder } from './import-folder.js';
import { Side } from './side.js';

const STEPS = Number(process.env.SIDE_STEPS ?? 60);
const AT_ONCE = Number(process.env.SIDE_AT_ONCE ?? 4);
const HISTORIES_MAX = Number(process.env.SIDE_HISTORIES ?? Infinity);
const kinds = (process.env.SIDE_KINDS ?? 'agreeing,any').split(',') as Kind[];

makeImportFolder();
const [firstSeed = 1, minutes = 1] = process.argv.slice(2).map(Number);
const untilMs = performance.now() + minutes * 60_000;
const keys = {
  accessKeyId: process.env.SIDE_ACCESS_KEY_ID ?? '',
  secretAccessKey: process.env.SIDE_SECRET_ACCESS_KEY ?? '',
};
const run = Date.now().toString(36);
const total = { agreeing: 0, any: 0, equalSteps: 0, peerDiffers: 0, oursDiffers: 0 };
const failures: string[] = [];
const peerFaults: string[] = [];
let next = 0;

const side = (name: string, url: string | undefined, kind: Kind, seed: number) =>
  url === undefined
    ? undefined
    : new Side({ name, url, ...keys }, `${name}-${kind}-${run}-${seed}`.slice(0, 60));

async function histories(): Promise<void> {
  while (performance.now() < untilMs && next < HISTORIES_MAX && failures.length === 0) {
    const at = next++;
    const kind = kinds[at % kinds.length] ?? 'any';
    const seed = firstSeed + at;
    const ours = side('ours', process.env.OURS_URL ?? '', kind, seed);
    const peer = side('peer', process.env.PEER_URL, kind, seed);
    if (!ours) return;
    add(kind, await reportOf(kind, seed, { ours, peer }));
    await Promise.all([ours.close(), peer?.close()]);
  }
}

async function reportOf(
  kind: Kind,
  seed: number,
  sides: { ours: Side; peer: Side | undefined },
): Promise<HistoryReport> {
  try {
    return await runHistory({ kind, seed, stepCount: STEPS }, sides);
  } catch (error) {
    const oursDiffers = `${kind} seed ${seed}: ${error instanceof Error ? error.stack : error}`;
    return { steps: [], equalCount: 0, oursDiffers };
  }
}

function add(kind: Kind, report: HistoryReport): void {
  total[kind]++;
  total.equalSteps += report.equalCount;
  if (report.peerDiffers !== undefined) {
    total.peerDiffers++;
    peerFaults.push(report.peerDiffers);
  }
  if (report.oursDiffers !== undefined) {
    total.oursDiffers++;
    failures.push(report.oursDiffers);
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, histories));
for (const fault of peerFaults.slice(0, 5)) console.error(`the peer differs: ${fault}`);
for (const failure of failures) console.error(`ours differs: ${failure}`);
const said = Object.entries(total).map(([what, count]) => `${what} ${count}`);
console.log(
  JSON.stringify({
    count: total.agreeing + total.any,
    verdict: failures.length === 0 ? 'ok' : 'failed',
    detail: `${said.join(', ')}${failures.map((failure) => `; ${failure}`).join('')}`.slice(0, 600),
  }),
);
