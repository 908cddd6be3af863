// Compares two running servers by the scripts beside this file: both are warmed, then they are
// asked in turns, and a table is printed. It starts and stops nothing but k6. See README.md.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { askAll, questionsOf } from './compare/ask.js';
import { machine } from './compare/machine.js';
import { QUESTIONS } from './compare/questions.js';
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

const sides = sidesOf(values);
const nodeCount = Math.min(...Object.values(sides).map(({ urls }) => urls.length));
const wanted = questionsOf(QUESTIONS, values.only);
const asked = wanted.filter(({ nodes = 1 }) => nodes <= nodeCount);
for (const { name, nodes } of wanted.filter((question) => !asked.includes(question))) {
  console.error(`${name}: not asked, it wants ${nodes} nodes on each side`);
}
const rows = await askAll({
  questions: asked,
  sides,
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  warmSeconds: Number(values['warm-seconds']),
  k6: values.k6,
  folder: import.meta.dirname,
  onRow: (all) => {
    console.error(cellsOf(all.at(-1)).join(' | '));
    if (values.out === undefined) return;
    const record = { at: new Date().toISOString(), options: values, machine, questions: all };
    writeFileSync(values.out, JSON.stringify(record, null, 1));
  },
});
console.log(tableOf(rows));
