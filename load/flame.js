// Says where a server's main thread spends its time: by room and by function as tables, and by who
// called whom as a picture. Reads a .cpuprofile, or takes one of a running server. See README.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { pictureOf } from './flame/picture.js';
import { takeProfile } from './flame/take.js';
import { tablesOf } from './flame/tables.js';
import { treeOf } from './flame/tree.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    inspect: { type: 'string' },
    seconds: { type: 'string', default: '5' },
    keep: { type: 'string' },
    svg: { type: 'string' },
    title: { type: 'string', default: 'Where the time goes' },
    functions: { type: 'string', default: '25' },
  },
});
const [file] = positionals;
if ((file === undefined) === (values.inspect === undefined)) {
  console.error('usage: node load/flame.js (FILE.cpuprofile | --inspect host:port) [--svg FILE]');
  process.exit(2);
}

const profile =
  file === undefined
    ? await takeProfile(values.inspect, Number(values.seconds))
    : JSON.parse(readFileSync(file, 'utf8'));
if (values.keep !== undefined) writeFileSync(values.keep, JSON.stringify(profile));
const tree = treeOf(profile);
if (values.svg !== undefined) writeFileSync(values.svg, pictureOf(tree, values.title));
console.log(tablesOf(tree, Number(values.functions)));
