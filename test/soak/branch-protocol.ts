// Interleavings of the branch protocol, for so many minutes: half of the time at random from a seed
// on, of which some are of what comes under a key, and of rules that change; half of it the named
// scenarios in every order, with no thread left in the middle, then with one left once, then with
// each append unanswered and a death at each step. A line of JSON at the end says what came of it.
//
//   node scripts/run-ts.js test/soak/branch-protocol.ts <seed> <minutes>
import { exhaust, type Trouble } from '../model/branch-protocol/exhaust.js';
import { exploreProtection } from '../model/branch-protocol/explore-protection.js';
import { explore } from '../model/branch-protocol/explore.js';
import { exploreKeyedAggregates } from '../model/branch-protocol/keyed-aggregates.js';
import { exploreKeyedOperations } from '../model/branch-protocol/keyed-operations.js';
import { exploreKeyed } from '../model/branch-protocol/keyed-writes.js';
import { NAMED, named, type NamedScenario } from '../model/branch-protocol/named-scenarios.js';
import { LOG_KINDS } from '../model/branch-protocol/node-log.js';

const [seed = 1, minutes = 1] = process.argv.slice(2).map(Number);
const halfMs = (minutes * 60_000) / 2;
const beganMs = performance.now();
const isOver = (atMs: number) => performance.now() - beganMs >= atMs;

const RUNS_MAX = 20_000;
/** Appends and steps of a scenario that may go wrong, one at a time. */
const TROUBLES = 40;

let steps = 0;
let randomCount = 0;
let orderedCount = 0;
let wholeCount = 0;

async function atRandom(): Promise<void> {
  while (!isOver(halfMs)) {
    const at = seed + randomCount++;
    if (at % 10 === 0) await exploreKeyedOperations(at);
    else if (at % 20 === 1) await exploreKeyed(at);
    else if (at % 20 === 3) await exploreKeyedAggregates(at);
    else if (at % 20 === 11) steps += await exploreProtection(at);
    else steps += await explore(at);
  }
}

function* troubles(): Generator<{ preemptionsMax: number; trouble: Trouble }> {
  yield { preemptionsMax: 0, trouble: {} };
  yield { preemptionsMax: 1, trouble: {} };
  for (let at = 0; at < TROUBLES; at++) {
    for (const fate of ['answer-lost', 'late', 'lost'] as const) {
      yield { preemptionsMax: 0, trouble: { fault: { at, fate, isGivenUp: at % 2 === 0 } } };
    }
    yield { preemptionsMax: 0, trouble: { deaths: [{ node: 'A', afterSteps: at }] } };
  }
  yield { preemptionsMax: 2, trouble: {} };
}

/** Every scenario on both kinds of log; where it begins follows from the seed. */
async function inOrder(): Promise<void> {
  const names = Object.keys(NAMED) as NamedScenario[];
  for (const { preemptionsMax, trouble } of troubles()) {
    for (let at = 0; at < names.length; at++) {
      const name = names[(at + seed) % names.length] as NamedScenario;
      for (const kind of LOG_KINDS) {
        if (isOver(2 * halfMs)) return;
        const bounds = { preemptionsMax, runsMax: RUNS_MAX, isOver: () => isOver(2 * halfMs) };
        const done = await exhaust(named(name, kind), bounds, trouble);
        orderedCount += done.count;
        steps += done.steps;
        if (done.isAll) wholeCount++;
      }
    }
  }
}

let failure: string | undefined;
try {
  await atRandom();
  await inOrder();
} catch (error) {
  failure = error instanceof Error ? error.message : String(error);
}
const detail =
  failure ??
  `${randomCount} at random and ${orderedCount} in order, ${steps} steps; ` +
    `${wholeCount} scenarios without one left out`;
const count = randomCount + orderedCount;
console.log(JSON.stringify({ count, verdict: failure === undefined ? 'ok' : 'failed', detail }));
