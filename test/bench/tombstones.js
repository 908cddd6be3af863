// What a page of 100 reads, in rows and blocks, over few deletions and over a million: listing plain,
// of a prefix and by delimiter, uncommitted diff, diff of refs; deleted in requests of a thousand by
// one client, by eight side by side, and one by one. It asks test/queries/costs.spec.ts, which
// compares a thousand with less in each run of the tests; everything is in memory.
//
//   node test/bench/tombstones.js [--sizes 1000,1000000] [--one-by-one 1000,100000]
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string', default: '1000,1000000' },
    'one-by-one': { type: 'string', default: '1000,100000' },
  },
});

let failed = 0;
for (const [sizes, names] of [
  [options.sizes, '(a folder of nothing else|side by side|in the same token|in a sealed token)'],
  [options['one-by-one'], 'one by one'],
]) {
  const { text, code } = await run(sizes, names);
  const [few, many] = sizes.split(',');
  for (const [, name, costs] of text.matchAll(/COSTS (.*?) (\{.*\})/g)) {
    console.log(`\n${name}\n| question | over ${few} | over ${many} | ratio |\n|---|---|---|---|`);
    for (const [question, [low, high]] of Object.entries(JSON.parse(costs))) {
      console.log(`| ${question} | ${low} | ${high} | ${(high / low).toFixed(2)} |`);
    }
  }
  if (code !== 0) {
    failed++;
    console.log(text.slice(-3_000));
  }
}
process.exitCode = failed;

function run(sizes, names) {
  const child = spawn(
    process.execPath,
    ['--max-old-space-size=8192', 'scripts/test.js', 'test/queries/costs.spec.ts', '-t', names],
    {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: { ...process.env, TOMBSTONES: sizes, NODE_OPTIONS: '--max-old-space-size=8192' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part) => (text += part));
  }
  return new Promise((done) => child.on('close', (code) => done({ text, code })));
}
