// Corrupt range files from a seed on, for so many minutes; a line of JSON at the end says what came
// of it.
//
//   node scripts/run-ts.js test/soak/corrupt-ranges.ts <seed> <minutes>
import { corruptRanges } from '../support/corrupt-ranges.js';

const INPUTS_AT_ONCE = 1_000;
const CPU_MS_MAX = 100;
const MEMORY_BYTES_MAX = 64 * 1024 * 1024;

const [seed = 1, minutes = 1] = process.argv.slice(2).map(Number);
const untilMs = performance.now() + minutes * 60_000;
let count = 0;
let cpuMsMax = 0;
let memoryBytesMax = 0;
let failure: string | undefined;
while (failure === undefined && performance.now() < untilMs) {
  const report = await corruptRanges(INPUTS_AT_ONCE, seed + count);
  count += report.inputs;
  cpuMsMax = Math.max(cpuMsMax, report.cpuMsMax);
  memoryBytesMax = Math.max(memoryBytesMax, report.memoryBytesMax);
  failure = report.failures[0];
}
const isSmall = cpuMsMax < CPU_MS_MAX && memoryBytesMax < MEMORY_BYTES_MAX;
const verdict = failure === undefined && isSmall ? 'ok' : 'failed';
const cost = `at most ${cpuMsMax.toFixed(1)} ms of CPU and ${memoryBytesMax} bytes an input`;
console.log(JSON.stringify({ count, verdict, detail: failure ?? cost }));
