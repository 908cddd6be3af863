// Asks two running servers what grows with a repository: commits, diffs, merges and listings of a
// thousand objects to a million, tombstones, a long log, a dump. Both are asked in turns; a table
// is printed. It starts and stops nothing. See README.md.
//
//   node load/scale.js --url … --pid … --postgres-pid … --peer-url … --peer-pid …
//     --peer-postgres-pid … --sizes 1000,100000,1000000 --only tree,tombstones,log --out f.json
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { sidesOf } from './compare/sides.js';
import { Client } from './scale/client.js';
import { measured } from './scale/measured.js';
import { logQuestions, tombstoneQuestions, treeQuestions } from './scale/questions.js';
import { tableOf } from './scale/table.js';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8000' },
    pid: { type: 'string' },
    'postgres-pid': { type: 'string' },
    'peer-url': { type: 'string' },
    'peer-pid': { type: 'string' },
    'peer-postgres-pid': { type: 'string' },
    sizes: { type: 'string', default: '1000,100000' },
    tombstones: { type: 'string', default: '1000,100000' },
    commits: { type: 'string', default: '10000' },
    only: { type: 'string', default: 'tree,tombstones,log' },
    out: { type: 'string' },
  },
});

const sides = sidesOf(values);
const wanted = values.only.split(',');
const numbers = (text) => text.split(',').map(Number);
const rounds = [
  ...(wanted.includes('tree') ? numbers(values.sizes).map((count) => treeQuestions(count)) : []),
  ...(wanted.includes('tombstones') ? numbers(values.tombstones).map(tombstoneQuestions) : []),
  ...(wanted.includes('log') ? numbers(values.commits).map(logQuestions) : []),
];
const rows = [];
for (const questions of rounds) {
  const of = {};
  for (const [name, side] of Object.entries(sides)) {
    const client = new Client(side);
    const repository = await client.newRepository();
    for (const { question, ask, isMeasured } of questions) {
      const figures = await measured(side.pids, () => ask(client, repository));
      console.error(`${name}: ${question}: ${JSON.stringify(figures)}`);
      if (isMeasured) (of[question] ??= {})[name] = figures;
    }
    client.close();
  }
  rows.push(...Object.entries(of).map(([question, figures]) => ({ question, ...figures })));
  if (values.out !== undefined)
    writeFileSync(values.out, JSON.stringify({ values, rows }, null, 1));
}
console.log(tableOf(rows));
