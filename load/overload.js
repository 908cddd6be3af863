// Does a server that is asked for three times what it can do still do what it can, and is it itself
// again afterwards?
//
//   LOAD_URL=… LOAD_ACCESS_KEY_ID=… LOAD_SECRET_ACCESS_KEY=… \
//     node load/overload.js [--seconds 15] [--times 3] [--k6 k6]
//
// Measures what it does when nobody is turned away (uploads of 1 KiB, 64 clients), then lets so many
// times as many arrive, and then measures again. Fails when less than 70 % is done under overload,
// when an answer is neither 201 nor 503 with Retry-After, or when 30 s later it is not back at 90 %.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const GOOD_MIN = 0.7;
const BACK_MIN = 0.9;
const BACK_SECONDS_MAX = 30;
const BACK_STEP_SECONDS = 5;
const CLIENTS = 64;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '15' },
    times: { type: 'string', default: '3' },
    k6: { type: 'string', default: 'k6' },
  },
});
const seconds = Number(values.seconds);
const here = fileURLToPath(new URL('.', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'load-overload-'));

/** Runs a script and returns what it counted. */
async function run(script, environment) {
  const summary = join(folder, 'summary.json');
  const child = spawn(values.k6, ['run', '--no-usage-report', '--quiet', join(here, script)], {
    env: { ...process.env, ...environment, LOAD_SUMMARY: summary },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await once(child, 'close');
  return JSON.parse(readFileSync(summary, 'utf8'));
}

const closed = async (forSeconds) => {
  const { done } = await run('upload.js', { LOAD_CLIENTS: CLIENTS, LOAD_SECONDS: forSeconds });
  return done / forSeconds;
};

try {
  await closed(5);
  const capacity = await closed(seconds);
  console.log(`it can do ${capacity.toFixed(0)} a second`);
  const rate = Math.round(capacity * Number(values.times));
  const over = await run('overload/arrivals.js', { LOAD_RATE: rate, LOAD_SECONDS: seconds });
  const good = over.done / seconds;
  const arrived = (over.done + over.refused + over.failed) / seconds;
  console.log(
    `of ${rate} a second ${arrived.toFixed(0)} came: ${good.toFixed(0)} done ` +
      `(${((100 * good) / capacity).toFixed(0)} %), ${(over.refused / seconds).toFixed(0)} turned ` +
      `away, ${over.failed} failed, ${over.dropped} not sent; p50 ${over.p50Ms.toFixed(0)} ms, ` +
      `p99 ${over.p99Ms.toFixed(0)} ms`,
  );
  let back = 0;
  let waited = 0;
  while (waited < BACK_SECONDS_MAX && back < BACK_MIN * capacity) {
    back = await closed(BACK_STEP_SECONDS);
    waited += BACK_STEP_SECONDS;
  }
  console.log(`${waited} s later it does ${back.toFixed(0)} a second`);
  const faults = [
    good < GOOD_MIN * capacity && 'too little was done under overload',
    over.failed > 0 && 'some answers were neither done nor turned away',
    back < BACK_MIN * capacity && 'it did not come back',
  ].filter(Boolean);
  for (const fault of faults) console.log(`FAIL ${fault}`);
  console.log(`${3 - faults.length} passed, ${faults.length} failed`);
  process.exitCode = faults.length > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
