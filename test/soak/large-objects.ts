// An object of 5 GiB up and down, and four at once: how much more memory than for one of
// 256 MiB?
// A line of JSON at the end says what came of it.
//
//   node scripts/run-ts.js test/soak/large-objects.ts <seed> <minutes>
//
// Fewer minutes than these bodies take, and they are smaller.
import { LargeObjectServer, MIB, peaksOf } from '../support/large-objects.js';

const ONE_MORE_BYTES_MAX = 16 * MIB;
const FOUR_MORE_BYTES_MAX = 64 * MIB;
const MINUTES_OF_5_GIB = 8;

const [, minutes = 1] = process.argv.slice(2).map(Number);
const largeBytes = (minutes >= MINUTES_OF_5_GIB ? 5 * 1024 : 1024) * MIB;
const server = await LargeObjectServer.start();
try {
  const peaks = await peaksOf(server, { smallBytes: 256 * MIB, largeBytes });
  const oneMore = peaks.largeBytes - peaks.smallBytes;
  const fourMore = peaks.fourBytes - peaks.smallBytes;
  const isGood = oneMore <= ONE_MORE_BYTES_MAX && fourMore <= FOUR_MORE_BYTES_MAX;
  const told = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;
  const detail =
    `peak ${told(peaks.smallBytes)} with 256 MiB, ` +
    `${told(oneMore)} more with ${told(largeBytes)}, ` +
    `${told(fourMore)} more with four of 256 MiB at once`;
  console.log(JSON.stringify({ count: 5, verdict: isGood ? 'ok' : 'failed', detail }));
} finally {
  await server.stop();
}
