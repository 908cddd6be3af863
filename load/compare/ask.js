// Asks questions of one or two servers in turns, round by round.
import { runQuestion } from './run-question.js';

/** As many clients as warm a process up fast; those of commits would only stand in line. */
const WARM_CLIENTS = 64;

/**
 * Returns a row a question: `{ question, rounds: { ours: […], peer: […] } }`.
 *
 * @param {{
 *   questions: readonly import('./questions.js').Question[],
 *   sides: Record<string, import('./sides.js').Side>,
 *   rounds: number, seconds: number, warmSeconds: number, k6: string, folder: string,
 *   onRow: (rows: readonly object[]) => void,
 * }} options  `onRow` is called after each question: what was measured is not lost when a later
 *   one cannot be
 */
export async function askAll(options) {
  const rows = [];
  for (const question of options.questions) {
    rows.push({ question, rounds: await roundsOf(question, options) });
    options.onRow(rows);
  }
  return rows;
}

async function roundsOf(question, { sides, rounds, seconds, warmSeconds, k6, folder }) {
  const isAlone = question.name.startsWith('commit') || question.once;
  const run = (side, clients, forSeconds) =>
    runQuestion(question, side, { k6, clients, seconds: forSeconds, folder });
  const names = Object.keys(sides);
  for (const name of names) {
    if (question.once) break; // Its fixtures alone warm everything up.
    await run(sides[name], isAlone ? question.clients : WARM_CLIENTS, warmSeconds);
  }
  const all = Object.fromEntries(names.map((name) => [name, []]));
  const count = question.once ? Math.min(rounds, ONCE_ROUNDS_MAX) : rounds;
  for (let round = 0; round < count; round++) {
    // The order changes with the round: who comes second finds what the first has left behind.
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      all[name].push(await run(sides[name], question.clients, seconds));
    }
  }
  return all;
}

/** What takes minutes to set up is not asked so often. */
const ONCE_ROUNDS_MAX = 3;

/** Returns the questions of these names, all of them when none is named. @throws Error unknown */
export function questionsOf(questions, only) {
  if (only === undefined) return questions;
  const wanted = only.split(',');
  const known = questions.map(({ name }) => name);
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no question ${unknown}; there are ${known.join(', ')}`);
  return questions.filter(({ name }) => wanted.includes(name));
}
