// Small scenarios in every order of all their steps, one after the other from one on, for so many
// minutes: plain, with nodes that die at any of their appends, and with an append that gets no
// answer; on both kinds of log. A line of JSON at the end says what came of it, and which is next.
//
//   node scripts/run-ts.js test/soak/branch-states.ts <first> <seed> <minutes>
import { exhaustStates } from '../model/branch-protocol/exhaust-states.js';
import { SMALL, small, type SmallScenario } from '../model/branch-protocol/named-scenarios.js';
import { LOG_KINDS } from '../model/branch-protocol/node-log.js';
import { takeInTurn } from '../support/cases-in-turn.js';

const [first = 0, , minutes = 1] = process.argv.slice(2).map(Number);
const untilMs = performance.now() + minutes * 60_000;
/** What one may take; the others are to have their turn. */
const EACH_MS_MAX = 240_000;
const EACH_RUNS_MAX = 1_000_000;

const TROUBLES = [
  { word: '', deathsMax: 0, unknownsMax: 0 },
  { word: ', deaths', deathsMax: 2, unknownsMax: 0 },
  { word: ', an unknown', deathsMax: 0, unknownsMax: 1 },
];

const cases = TROUBLES.flatMap((trouble) =>
  LOG_KINDS.flatMap((kind) =>
    (Object.keys(SMALL) as SmallScenario[]).map((name) => ({ name, kind, ...trouble })),
  ),
);

const whole: string[] = [];
const cut: string[] = [];
let [states, steps] = [0, 0];

async function oneCase({ name, kind, word, ...trouble }: (typeof cases)[number]): Promise<boolean> {
  const endMs = performance.now() + EACH_MS_MAX;
  const isOver = () => performance.now() > Math.min(endMs, untilMs);
  const bounds = { ...trouble, runsMax: EACH_RUNS_MAX, isOver };
  const done = await exhaustStates(small(name, kind), bounds);
  states += done.states;
  steps += done.steps;
  const told = `${name} (${kind}${word}): ${done.states}`;
  if (done.isAll) whole.push(told);
  else cut.push(told);
  // One that only its slice cut off comes again.
  return done.isAll || performance.now() > endMs;
}

const some = (told: readonly string[]): string => told.join('; ') || 'none';

await takeInTurn(cases, { first, untilMs }, oneCase, () => ({
  count: states,
  told: `${steps} steps; whole ${whole.length}: ${some(whole)}; cut off: ${some(cut)}`,
}));
