// Does a server that is asked for three times what it can do still do what it can, and is it itself
// again afterwards?
//
//   LOAD_URL=… LOAD_ACCESS_KEY_ID=… LOAD_SECRET_ACCESS_KEY=… \
//     node load/overload.js [--seconds 15] [--times 3]
//
// Measures what it does when nobody is turned away (uploads of 1 KiB, 64 clients), then lets so many
// times as many arrive whether or not those before them were answered, and then measures again. Fails
// when less than 70 % is done under overload, when an answer is neither 201 nor 503 with Retry-After,
// or when 30 s later it is not back at 90 %.
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DONE, FAILED, TURNED_AWAY, Uploader } from './overload/generator.js';

const GOOD_MIN = 0.7;
const BACK_MIN = 0.9;
const BACK_SECONDS_MAX = 30;
const BACK_STEP_SECONDS = 5;
const CLIENTS = 64;
/** Connections at most; what arrives while all of them wait is not sent, and counted. */
const CONNECTIONS_MAX = 2000;
/** Arrivals come in bunches of this many milliseconds: a timer of each would cost too much. */
const TICK_MS = 5;
const FAULTS_SHOWN = 3;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '15' },
    times: { type: 'string', default: '3' },
  },
});
const seconds = Number(values.seconds);
const url = new URL(process.env.LOAD_URL ?? 'http://127.0.0.1:8000');
const pair = `${process.env.LOAD_ACCESS_KEY_ID}:${process.env.LOAD_SECRET_ACCESS_KEY}`;
const authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
const repository = await newRepository();
let uploaderCount = 0;
const newUploader = () => new Uploader({ url, authorization, repository, number: uploaderCount++ });

await closed(5);
const capacity = await closed(seconds);
console.log(`it can do ${capacity.toFixed(0)} a second`);
const over = await open(capacity * Number(values.times));
const good = over.count[DONE] / seconds;
const perSecond = (count) => (count / seconds).toFixed(0);
console.log(
  `of ${(capacity * Number(values.times)).toFixed(0)} a second ${perSecond(over.sent)} were sent: ` +
    `${good.toFixed(0)} done (${((100 * good) / capacity).toFixed(0)} %), ` +
    `${perSecond(over.count[TURNED_AWAY])} turned away, ${over.count[FAILED]} failed, ` +
    `${over.unsent} not sent; of those done p50 ${over.p50Ms.toFixed(0)} ms, ` +
    `p99 ${over.p99Ms.toFixed(0)} ms`,
);
for (const fault of over.faults) console.log(`an answer was: ${fault.split('\r\n', 1)[0]}`);
let back = 0;
let waited = 0;
while (waited < BACK_SECONDS_MAX && back < BACK_MIN * capacity) {
  back = await closed(BACK_STEP_SECONDS);
  waited += BACK_STEP_SECONDS;
}
console.log(`${waited} s later it does ${back.toFixed(0)} a second`);
const faults = [
  good < GOOD_MIN * capacity && 'too little was done under overload',
  over.count[FAILED] > 0 && 'some answers were neither done nor turned away',
  back < BACK_MIN * capacity && 'it did not come back',
].filter(Boolean);
for (const fault of faults) console.log(`FAIL ${fault}`);
console.log(`${3 - faults.length} passed, ${faults.length} failed`);
process.exitCode = faults.length > 0 ? 1 : 0;

/** Returns how many a second are done when each client waits for its answer. */
async function closed(forSeconds) {
  const untilMs = performance.now() + forSeconds * 1000;
  const counts = await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const uploader = newUploader();
      let done = 0;
      while (performance.now() < untilMs) {
        const { outcome } = await uploader.upload();
        if (outcome === DONE) done += 1;
        else await wait(50);
      }
      uploader.close();
      return done;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0) / forSeconds;
}

/** Lets so many a second arrive, and returns what came of them. */
async function open(rate) {
  const free = [];
  let made = 0;
  const seen = {
    sent: 0,
    unsent: 0,
    faults: [],
    count: { [DONE]: 0, [TURNED_AWAY]: 0, [FAILED]: 0 },
  };
  const took = [];
  const pending = new Set();
  const sendOne = async (uploader) => {
    const { outcome, tookMs, said } = await uploader.upload();
    seen.count[outcome] += 1;
    if (outcome === DONE) took.push(tookMs);
    if (outcome === FAILED && seen.faults.length < FAULTS_SHOWN) seen.faults.push(said);
    free.push(uploader);
  };
  const startedMs = performance.now();
  let arrived = 0;
  while (performance.now() - startedMs < seconds * 1000) {
    const due = Math.floor(((performance.now() - startedMs) / 1000) * rate);
    for (; arrived < due; arrived++) {
      const uploader = free.pop() ?? (made < CONNECTIONS_MAX ? (made++, newUploader()) : undefined);
      if (uploader === undefined) {
        seen.unsent += 1;
        continue;
      }
      seen.sent += 1;
      const sending = sendOne(uploader).finally(() => pending.delete(sending));
      pending.add(sending);
    }
    await wait(TICK_MS);
  }
  // Done a little late is done: but only what was done in time counts as throughput.
  const inTime = { ...seen.count };
  await Promise.all(pending);
  for (const uploader of free) uploader.close();
  const sorted = took.toSorted((left, right) => left - right);
  const at = (part) => sorted[Math.floor(part * (sorted.length - 1))] ?? 0;
  return {
    ...seen,
    count: { ...seen.count, [DONE]: inTime[DONE] },
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

async function newRepository() {
  const name = `overload-${Date.now().toString(36)}`;
  const storage_namespace = `${process.env.LOAD_NAMESPACE ?? 'local://load'}/${name}`;
  const answer = await fetch(new URL('/api/v1/repositories', url), {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ name, storage_namespace }),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return `/repositories/${name}`;
}
