// Random histories in memory whose operations are undone, for so many minutes; in the end each view
// is built anew. A line of JSON at the end says what came of it.
//
//   node scripts/run-ts.js test/soak/undo.ts <seed> <minutes>
import { allProjections } from '../../src/projections/all-projections.js';
import { inMemory } from '../support/moraine.js';
import { SeededRandom } from '../support/seeded-random.js';
import { UndoHistory, type UndoneCounts } from '../undo/undo-history.js';

const [seed = 1, minutes = 1] = process.argv.slice(2).map(Number);
const untilMs = performance.now() + minutes * 60_000;
const STEPS = 40;
/** Histories that share a log; each has a repository of its own. */
const HISTORIES = 10;

const undone: UndoneCounts = new Map();
const random = new SeededRandom(seed);

async function someHistories(): Promise<void> {
  const moraine = await inMemory();
  for (let at = 0; at < HISTORIES && performance.now() < untilMs; at++) {
    await new UndoHistory(moraine, random, undone).run(STEPS);
  }
  for (const { name } of allProjections) {
    const { differingCount } = await moraine.rebuilder.rebuild(name, { swap: true });
    if (differingCount > 0) throw new Error(`${differingCount} rows of ${name} differ anew`);
  }
  await moraine.close();
}

let failure: string | undefined;
try {
  while (performance.now() < untilMs) await someHistories();
} catch (error) {
  failure = `seed ${seed}: ${error instanceof Error ? error.message : String(error)}`;
}
const count = [...undone.values()].reduce((sum, each) => sum + each, 0);
const kinds = [...undone].map(([kind, times]) => `${times} of ${kind}`).join(', ');
const verdict = failure === undefined ? 'ok' : 'failed';
console.log(JSON.stringify({ count, verdict, detail: failure ?? kinds }));
