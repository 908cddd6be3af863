// Every state of the branch protocol's races, one race after the other from one on, for so many
// minutes: plain, with an unknown outcome and with a crash; on both kinds of log; and when all had
// their turn, the same again, further. A line of JSON at the end says what came of it, and which is
// next.
//
//   node scripts/run-ts.js test/soak/every-order.ts <first> <seed> <minutes>
import { exploreStates } from '../model/every-order/explore-states.js';
import { CASES, raceOf, type Case } from '../model/every-order/races.js';
import { takeInTurn } from '../support/cases-in-turn.js';

const [first = 0, , minutes = 1] = process.argv.slice(2).map(Number);
const untilMs = performance.now() + minutes * 60_000;
/** Of a race that has more states, so many are looked at: on the first round, and on the second. */
const ROUNDS = [1_500_000, 14_000_000];
const TURNS = ROUNDS.flatMap((statesMax) => CASES.map((one) => ({ ...one, statesMax })));

const told: string[] = [];
let states = 0;

async function oneTurn(turn: Case & { readonly statesMax: number }): Promise<boolean> {
  const { race, log, trouble, troubles, statesMax } = turn;
  const isOver = () => performance.now() > untilMs;
  const bounds = { statesMax, isOver };
  const done = await exploreStates(raceOf(race, log), troubles, bounds);
  states += done.states;
  const isCut = !done.isWhole && done.states < statesMax;
  // One that only its slice cut off comes again, unless it had all of it.
  const isDone = !isCut || told.length === 0;
  const how = done.isWhole ? '' : isCut ? 'cut off at ' : 'more than ';
  told.push(`${race} (${log}, ${trouble}): ${how}${done.states}`);
  return isDone;
}

await takeInTurn(TURNS, { first, untilMs }, oneTurn, () => ({
  count: states,
  told: told.join('; '),
}));
