// Kills and other faults under real servers for so many minutes, judged after each.
//
//   node scripts/run-ts.js test/crash/main.ts <sample|kills|postgres> <seed> <minutes>
//
// A line a round; the last line is `{ count, verdict, detail }` as JSON, or with `--checks` what
// `.ci/run` adds up.
import { appendFileSync } from 'node:fs';
import { SeededRandom } from '../support/seeded-random.js';
import { type PlanName, planOf } from './plans.js';
import { type RoundReport, Rounds } from './rounds.js';
import { Tally } from './tally.js';

const PAUSE_MS_MAX = { sample: 1_500, kills: 30_000, postgres: 30_000 };

const [plan = 'sample', seedText = '', minutesText = '1', form] = process.argv.slice(2);
const seed = seedText === '' ? Math.floor(Math.random() * 2 ** 32) : Number(seedText);
const untilMs = performance.now() + Number(minutesText) * 60_000;
const random = new SeededRandom(seed);
const tally = new Tally();
const isOver = (): boolean => performance.now() > untilMs || tally.wrong.length > 0;
let running: Rounds | undefined;

// Ended from outside, it ends what it started.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => void running?.close().finally(() => process.exit(1)));
}

function tell(report: RoundReport): void {
  const { name, isHit, inFlight, answers, recoveryMs, stallMs, wrong } = report;
  const mark = wrong.length > 0 ? 'FAIL' : isHit ? 'ok  ' : 'miss';
  const times = [recoveryMs, stallMs].map((ms) =>
    ms === undefined ? '–' : `${Math.round(ms)} ms`,
  );
  console.error(
    `${mark} ${name}: ${inFlight} writes in flight, ${answers} answers, ` +
      `served again ${times[0]}, nobody answered for ${times[1]}`,
  );
  for (const each of wrong.slice(0, 10)) console.error(`     ${each.slice(0, 600)}`);
  const record = process.env['CRASH_RECORD'];
  if (record) appendFileSync(record, `${JSON.stringify({ seed, ...report })}\n`);
}

console.error(`seed ${seed}`);
for (const { on, faults } of planOf(plan as PlanName, random)) {
  if (isOver()) break;
  running = await Rounds.open(on, random, PAUSE_MS_MAX[plan as PlanName]);
  try {
    for (const fault of faults) {
      if (isOver()) break;
      const report = await running.round(fault);
      tally.add(report);
      tell(report);
    }
  } catch (error) {
    // What keeps a round from its end is what is looked for.
    tally.wrong.push(String(error));
  } finally {
    await running.close();
    running = undefined;
  }
}
const [first] = tally.wrong;
const isGood = tally.count > 0 && first === undefined;
if (form === '--checks') {
  console.log(tally.said);
  console.log(`${tally.count} passed, ${tally.wrong.length + (tally.count > 0 ? 0 : 1)} failed`);
} else {
  const failure = first === undefined ? '' : `seed ${seed}: ${first.slice(0, 400)}; `;
  const detail = `${failure}${tally.said}`;
  console.log(JSON.stringify({ count: tally.count, verdict: isGood ? 'ok' : 'failed', detail }));
}
process.exit(isGood ? 0 : 1);
