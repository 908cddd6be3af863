// Starts what it compares, asks it, and writes down what came out.
//
//   npm run bench -- compare --peer /path/to/lakefs --out load/results
//   npm run bench -- soak --minutes 10
//   npm run bench -- upkeep --seconds 20
//   npm run bench -- sealed
//
// `compare` runs lakeFS and Moraine on one Postgres and asks them in turns, round by round: the
// questions of README.md, then what grows with a repository. Without `--peer` it asks ours alone
// and leaves the peer's columns empty. `soak` lets everything happen at once for long and watches
// the server's memory. `upkeep` asks what a rebuild of the views and an export of the log do to
// those who work meanwhile; `sealed`, what a page costs whose writes lie in many tokens. All but the
// last need k6, and Linux for CPU and memory. See README.md.
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compare } from './bench/compare.js';
import { openPostgres } from './bench/postgres.js';
import { sealed } from './bench/sealed.js';
import { soak } from './bench/soak.js';
import { upkeep } from './bench/upkeep.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peer: { type: 'string' },
    postgres: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '8' },
    'warm-seconds': { type: 'string', default: '6' },
    only: { type: 'string' },
    scale: { type: 'string', default: 'tree,tombstones,log' },
    sizes: { type: 'string', default: '1000,100000' },
    tombstones: { type: 'string', default: '1000,100000' },
    commits: { type: 'string', default: '2000' },
    minutes: { type: 'string', default: '10' },
    out: { type: 'string', default: 'load/results' },
    k6: { type: 'string', default: 'k6' },
  },
});

const work = { compare, sealed, soak, upkeep }[positionals[0]];
if (work === undefined || positionals.length > 1) {
  console.error('what: compare, sealed, soak or upkeep; see load/README.md');
  process.exit(2);
}
mkdirSync(values.out, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'bench-'));
const postgres = await openPostgres(values.postgres, folder);
try {
  process.exitCode = await work({ values, folder, postgres });
} finally {
  await postgres.close();
  rmSync(folder, { recursive: true, force: true });
}
