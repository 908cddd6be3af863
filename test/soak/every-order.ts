// Every state of the branch protocol's races, one race after the other from one on, for so many
// minutes: plain, with an unknown outcome and with a crash; on both kinds of log. A line of JSON at
// the end says what came of it, and which is next.
//
//   node scripts/run-ts.js test/soak/every-order.ts <first> <seed> <minutes>
import { exploreStates } from '../model/every-order/explore-states.js';
import { CASES, raceOf, type Case } from '../model/every-order/races.js';
import { takeInTurn } from '../support/cases-in-turn.js';

const [first = 0, , minutes = 1] = process.argv.slice(2).map(Number);
const untilMs = performance.now() + minutes * 60_000;
/** Of a race that has more, so many are looked at. */
const STATES_MAX = 14_000_000;

const told: string[] = [];
let states = 0;

async function oneCase({ race, log, trouble, troubles }: Case): Promise<boolean> {
  const isOver = () => performance.now() > untilMs;
  const bounds = { statesMax: STATES_MAX, isOver };
  const done = await exploreStates(raceOf(race, log), troubles, bounds);
  states += done.states;
  const isCut = !done.isWhole && done.states < STATES_MAX;
  // One that only its slice cut off comes again, unless it had all of it.
  const isDone = !isCut || told.length === 0;
  const how = done.isWhole ? '' : isCut ? 'cut off at ' : 'more than ';
  told.push(`${race} (${log}, ${trouble}): ${how}${done.states}`);
  return isDone;
}

await takeInTurn(CASES, { first, untilMs }, oneCase, () => ({
  count: states,
  told: told.join('; '),
}));
