// Asks two running servers what grows with a repository: commits, diffs, merges and listings of a
// thousand objects to a million, tombstones, a long log, a dump. Both are asked in turns; a table
// is printed. It starts and stops nothing. See README.md.
//
//   node load/scale.js --url … --pid … --postgres-pid … --peer-url … --peer-pid …
//     --peer-postgres-pid … --sizes 1000,100000,1000000 --only tree,tombstones,log --out f.json
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { sidesOf } from './compare/sides.js';
import { askScale } from './scale/ask.js';
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

const rows = await askScale(sidesOf(values), { ...values, scale: values.only }, (all) => {
  if (values.out !== undefined)
    writeFileSync(values.out, JSON.stringify({ values, rows: all }, null, 1));
});
console.log(tableOf(rows));
