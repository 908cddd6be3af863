// Random trees, laid over each other, merged and compared, on one thread and on several, for so
// many minutes. What is used again was spoilt before, so that whoever still reads it is found out.
// A line of JSON at the end tells what came of it.
//
//   node scripts/run-ts.js test/soak/trees.ts <seed> <minutes>
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ByteWriter } from '../../src/committed/byte-writer.js';
import { TreeRun } from '../model/tree-runs.js';
import { spoilWhatIsUsedAgain } from '../support/spoilt-memory.js';
import { SeededRandom } from '../support/seeded-random.js';

const [seed = 1, minutes = 1] = process.argv.slice(2).map(Number);
const untilMs = performance.now() + minutes * 60_000;
const folder = mkdtempSync(join(tmpdir(), 'mtrees-'));
const compiled = (file: string): string => JSON.stringify(pathToFileURL(join('dist', file)).href);
const worker = join(folder, 'worker.mjs');
writeFileSync(
  worker,
  `import { ByteWriter } from ${compiled('committed/byte-writer.js')};
   (${spoilWhatIsUsedAgain.toString()})(ByteWriter);
   await import(${compiled('committed/range-worker.js')});`,
);
spoilWhatIsUsedAgain(ByteWriter);

let [count, failed, runs] = [0, 0, 0];
const wrong: string[] = [];
while (wrong.length === 0 && (runs < 2 || performance.now() < untilMs)) {
  const own = seed + runs++;
  const workerUrl = runs % 2 === 0 ? undefined : pathToFileURL(worker);
  const run = new TreeRun(new SeededRandom(own), workerUrl);
  await run.run().catch((error: unknown) => {
    wrong.push(`SEED ${own}: ${error instanceof Error ? error.stack : String(error)}`);
  });
  count += run.count;
  failed += run.failedCount;
}
rmSync(folder, { recursive: true, force: true });
const detail = wrong[0] ?? `${runs} runs; ${failed} were done again since a block failed`;
console.log(JSON.stringify({ count, verdict: wrong.length === 0 ? 'ok' : 'failed', detail }));
