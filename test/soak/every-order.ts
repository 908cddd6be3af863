// Every state of the branch protocol's races, one race after the other from one on, for so many
// minutes: plain, with an unknown outcome and with a crash; on both kinds of log. A line of JSON at
// the end says what came of it, and which is next.
//
//   node scripts/run-ts.js test/soak/every-order.ts <first> <seed> <minutes>
import { exploreStates } from '../model/every-order/explore-states.js';
import { CASES, raceOf, type Case } from '../model/every-order/races.js';

const [first = 0, , minutes = 1] = process.argv.slice(2).map(Number);
const untilMs = performance.now() + minutes * 60_000;
/** Of a race that has more, so many are looked at. */
const STATES_MAX = 14_000_000;

const told: string[] = [];
let [states, next] = [0, first];
let failure: string | undefined;

async function oneCase({ race, log, trouble, troubles }: Case): Promise<void> {
  const isOver = () => performance.now() > untilMs;
  const bounds = { statesMax: STATES_MAX, isOver };
  const done = await exploreStates(raceOf(race, log), troubles, bounds);
  states += done.states;
  const isCut = !done.isWhole && done.states < STATES_MAX;
  // One that only its slice cut off comes again, unless it had all of it.
  if (!isCut || told.length === 0) next++;
  const how = done.isWhole ? '' : isCut ? 'cut off at ' : 'more than ';
  told.push(`${race} (${log}, ${trouble}): ${how}${done.states}`);
}

try {
  while (performance.now() < untilMs && next < first + CASES.length) {
    const one = CASES[next % CASES.length];
    if (one) await oneCase(one);
  }
} catch (error) {
  failure = error instanceof Error ? error.message : String(error);
}
const said = `next ${next % CASES.length} of ${CASES.length}; ${told.join('; ')}`;
const detail = failure === undefined ? said : `${failure}; ${said}`;
const verdict = failure === undefined ? 'ok' : 'failed';
console.log(JSON.stringify({ count: states, verdict, detail }));
