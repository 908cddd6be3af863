// Interleavings of the branch protocol from a seed on, for so many minutes; a line of JSON at the
// end says what came of it.
//
//   node scripts/run-ts.js test/soak/branch-protocol.ts <seed> <minutes>
import { explore } from '../model/branch-protocol/explore.js';

const [seed = 1, minutes = 1] = process.argv.slice(2).map(Number);
const untilMs = performance.now() + minutes * 60_000;
let count = 0;
let steps = 0;
let detail: string | undefined;
while (detail === undefined && performance.now() < untilMs) {
  try {
    steps += await explore(seed + count);
    count++;
  } catch (error) {
    detail = error instanceof Error ? error.message : String(error);
  }
}
const verdict = detail === undefined ? 'ok' : 'failed';
console.log(JSON.stringify({ count, verdict, detail: detail ?? `${steps} steps` }));
