// Records what lakeFS answers to agreeing histories, for the spec that plays them back:
//
//   PEER_URL=… SIDE_ACCESS_KEY_ID=… SIDE_SECRET_ACCESS_KEY=… \
//     node scripts/run-ts.js test/side-by-side/record.ts <seed> <histories> <file>
import { writeFileSync } from 'node:fs';
import { recordedOf, type RecordedHistory, type Recording } from './recorded.js';
import { runHistory } from './run-history.js';
import { makeImportFolder } from './import-folder.js';
import { Side } from './side.js';

const STEPS = 60;

makeImportFolder();
const [seed = '1', count = '8', file = ''] = process.argv.slice(2);
const address = {
  name: 'peer',
  url: process.env.PEER_URL ?? '',
  accessKeyId: process.env.SIDE_ACCESS_KEY_ID ?? '',
  secretAccessKey: process.env.SIDE_SECRET_ACCESS_KEY ?? '',
};
const histories: RecordedHistory[] = [];
for (let next = Number(seed); histories.length < Number(count); next++) {
  const peer = new Side(address, `recorded-${next}-${Date.now()}`);
  const sides = { ours: peer, peer: undefined };
  const report = await runHistory({ kind: 'agreeing', seed: next, stepCount: STEPS }, sides);
  if (report.oursDiffers !== undefined) throw new Error(report.oursDiffers);
  const steps = report.steps.map(({ step, seen }) => recordedOf(step, seen));
  histories.push({ seed: next, steps });
  await peer.close();
}
const recording: Recording = { origin: 'lakeFS 1.84.0, by test/side-by-side/record.ts', histories };
writeFileSync(file, `${JSON.stringify(recording)}\n`);
