// A server as `moraine serve` is one, but for a failpoint at which it dies, and for a sweeper and
// jobs that do not keep a round waiting: run by node.ts, over what is built.
//
//   CRASH_ORDER  a file that says as JSON where it dies: `{ at, nth, delayMs, isAtStart }`. Read at
//                the beginning, and again at SIGUSR2; how often a place is reached counts from
//                then on. For `delayMs` all else goes on; what reached the place stands still
//   CRASH_HIT    a file that says, before it dies, that it does
import { readFileSync, writeFileSync } from 'node:fs';
import { kill, pid } from 'node:process';

const built = new URL('../../dist/', import.meta.url);
const load = (file) => import(new URL(file, built).href);
const { CRASH_ORDER: orderFile = '', CRASH_HIT: hit = '' } = process.env;
const { FAILPOINTS, onFailpoint } = await load('shared/failpoint.js');

function readOrder() {
  try {
    return JSON.parse(readFileSync(orderFile, 'utf8'));
  } catch {
    return undefined;
  }
}

function obey({ at, nth, delayMs }) {
  if (!FAILPOINTS.includes(at)) throw new Error(`no failpoint is called ${at}`);
  let count = 0;
  const die = () => kill(pid, 'SIGKILL');
  onFailpoint((name) => {
    if (name !== at || ++count !== nth) return undefined;
    writeFileSync(hit, at);
    if (delayMs === 0) die();
    else setTimeout(die, delayMs);
    return new Promise(() => undefined);
  });
}

const first = readOrder();
if (first?.isAtStart) obey(first);
process.on('SIGUSR2', () => obey(readOrder()));

/** Longer than any read or build of so little data. */
const DROP_GRACE_MS = 1_500;
const SWEEP_EVERY_MS = 500;
const SILENT_MS = 3_000;

/** What the program has as constants, and a round cannot wait for. */
function hurry(Class, method, change) {
  const before = Class.prototype[method];
  Class.prototype[method] = function (...values) {
    change(this);
    return before.apply(this, values);
  };
}
const [{ Sweep }, { Sweeper }, { Jobs }] = await Promise.all(
  ['commands/sweep.js', 'app/sweeper.js', 'commands/jobs.js'].map(load),
);
hurry(Sweep, 'run', (sweep) => (sweep.limits = { dropGraceMs: DROP_GRACE_MS }));
hurry(Sweeper, 'start', (of) => (of.options = { ...of.options, everyMs: SWEEP_EVERY_MS }));
hurry(Jobs, 'look', (jobs) => (jobs.limits = { ...jobs.limits, silentMs: SILENT_MS }));

await load('cli.js');
