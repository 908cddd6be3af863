// Compares two running servers by the scripts beside this file: both are warmed, then they are
// asked in turns, and a table is printed. It starts and stops nothing but k6. See README.md.
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { QUESTIONS } from './compare/questions.js';
import { runQuestion } from './compare/run-question.js';
import { sidesOf } from './compare/sides.js';
import { cellsOf, tableOf } from './compare/table.js';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8000' },
    pid: { type: 'string' },
    'postgres-pid': { type: 'string' },
    'peer-url': { type: 'string' },
    'peer-pid': { type: 'string' },
    'peer-postgres-pid': { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
    'warm-seconds': { type: 'string', default: '10' },
    only: { type: 'string' },
    out: { type: 'string' },
    k6: { type: 'string', default: 'k6' },
  },
});

/** As many clients as warm a process up fast; those of commits would only stand in line. */
const WARM_CLIENTS = 64;

const sides = sidesOf(values);
const folder = import.meta.dirname;
const asked = questionsOf(values.only);
const rows = [];
for (const question of asked) {
  const rounds = await roundsOf(question);
  rows.push({ question, rounds });
  console.error(cellsOf({ question, rounds }).join(' | '));
  // After each question: what was measured is not lost when a later one cannot be.
  if (values.out !== undefined) writeFileSync(values.out, JSON.stringify(recordOf(rows), null, 1));
}
console.log(tableOf(rows));

async function roundsOf(question) {
  const warmClients = question.name.startsWith('commit') ? question.clients : WARM_CLIENTS;
  const run = (side, clients, seconds) =>
    runQuestion(question, side, { k6: values.k6, clients, seconds, folder });
  const names = Object.keys(sides);
  for (const name of names) await run(sides[name], warmClients, Number(values['warm-seconds']));
  const rounds = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const name of names) {
      rounds[name].push(await run(sides[name], question.clients, Number(values.seconds)));
    }
  }
  return rounds;
}

function questionsOf(only) {
  if (only === undefined) return QUESTIONS;
  const wanted = only.split(',');
  const known = QUESTIONS.map(({ name }) => name);
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`no question ${unknown}; there are ${known.join(', ')}`);
  return QUESTIONS.filter(({ name }) => wanted.includes(name));
}

function recordOf(measured) {
  const machine = { cores: availableParallelism(), cpu: cpus()[0]?.model, kernel: release() };
  return { at: new Date().toISOString(), options: values, machine, questions: measured };
}
