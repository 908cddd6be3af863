// Random merges from a seed on, for so many minutes; a line of JSON at the end says what came of
// them.
//
//   node scripts/run-ts.js test/soak/merge-model.ts <seed> <minutes>
import { runCases } from '../model/merge-runs.js';

const CASES_AT_ONCE = 10_000;

const [seed = 1, minutes = 1] = process.argv.slice(2).map(Number);
const untilMs = performance.now() + minutes * 60_000;
let count = 0;
let conflictCount = 0;
let failure: string | undefined;
for (let round = 0; failure === undefined && performance.now() < untilMs; round++) {
  const report = runCases(CASES_AT_ONCE, seed + round);
  count += report.count;
  conflictCount += report.conflictCount;
  failure = report.failure;
}
const verdict = failure === undefined ? 'ok' : 'failed';
const detail = failure ?? `each in three ways; ${conflictCount} results are conflicts`;
console.log(JSON.stringify({ count, verdict, detail }));
