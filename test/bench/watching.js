// What is paid for each request for its line in the log, its figures and its trace.
//
//   node --disable-warning=ExperimentalWarning --experimental-transform-types test/bench/watching.js 2>/dev/null
//
// The lines go to stderr as a server's do, so that must lead nowhere. A request here is what a stage is: begun, an append that shares a call with six others, a read of
// views, ended. Each way of watching is run in turns with none at all, several rounds; what is
// printed is the median of the differences, in microseconds of CPU. Traces go to nobody.
import '../support/sources.js';
import { EventEmitter } from 'node:events';

const ROUNDS = Number(process.env.ROUNDS ?? 7);
const REQUESTS = Number(process.env.REQUESTS ?? 40_000);
const BATCH = 7;

const { RequestWatch } = await import('../../src/api/request-watch.js');
const { traceRequests } = await import('../../src/app/traced-requests.js');
const { Observing } = await import('../../src/app/observing.js');
const { newLogger } = await import('../../src/observability/logger.js');

class Log {
  async append(appends) {
    return appends.map(() => ({ revision: 1, position: 1, isRepeated: false }));
  }
}
class Views {
  async read(reads) {
    return reads;
  }
}

const event = { type: 'ObjectStaged', data: { path: 'a/b', entry: {} } };
const appends = [{ stream: 'staging-x', expected: 'open', events: [event] }];

/** Returns what one request does, watched as the configuration and the level say. */
async function watched(config, level) {
  const logger = newLogger(level);
  const observing = await Observing.open(config, logger);
  const log = observing.port('log', new Log());
  const views = observing.port('views', new Views());
  const watch = new RequestWatch(observing.requestWatchers, () => performance.now());
  const { appendWatcher, tracer } = observing;
  const hooks = {};
  if (tracer) traceRequests({ addHook: (name, hook) => (hooks[name] = hook) }, tracer);
  const nothing = () => {};
  let marks = [];
  return async (socket) => {
    const raw = Object.assign(new EventEmitter(), { statusCode: 201, writableFinished: true });
    const reply = { raw };
    const request = {
      id: '8a1f9cb2-2f0c-4f6b-a0c1-7c0f0c7f2b11',
      raw: { method: 'POST', socket },
      headers: {},
      params: { repository: 'some-repository' },
      routeOptions: { url: '/api/v1/repositories/:repository/branches/:branch/staging/backing' },
      operationName: 'stageObject',
      user: { id: 'admin' },
    };
    watch.begin(request, reply);
    hooks.onRequest?.(request, reply, nothing);
    const work = async () => {
      await views.read([]);
      marks.push(appendWatcher?.mark());
      if (marks.length === BATCH) {
        appendWatcher?.sent(marks)('done');
        marks = [];
      }
      await log.append(appends);
    };
    await new Promise((resolve) => {
      const run = () => void work().then(resolve);
      if (hooks.preValidation) hooks.preValidation(request, reply, run);
      else run();
    });
    socket.bytesRead += 300;
    socket.bytesWritten += 250;
    raw.emit('close');
  };
}

async function microsOf(request) {
  const socket = { bytesRead: 0, bytesWritten: 0 };
  const before = process.cpuUsage();
  for (let count = 0; count < REQUESTS; count++) await request(socket);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / REQUESTS;
}

const median = (values) => values.toSorted((left, right) => left - right)[values.length >> 1];

const off = { metrics: 'off' };
const tracesUrl = 'http://127.0.0.1:9/v1/traces';
const nothing = await watched(off, 'silent');
const ways = {
  'a line in the log': await watched(off, 'info'),
  figures: await watched({ metrics: 'same' }, 'silent'),
  'both of them': await watched({ metrics: 'same' }, 'info'),
  'traces, 1 % kept': await watched({ ...off, tracesUrl, tracesRatio: 0.01 }, 'silent'),
  'traces, all kept': await watched({ ...off, tracesUrl, tracesRatio: 1 }, 'silent'),
  'all three, 1 % of traces kept': await watched(
    { metrics: 'same', tracesUrl, tracesRatio: 0.01 },
    'info',
  ),
};
const differences = new Map(Object.keys(ways).map((name) => [name, []]));
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, request] of Object.entries(ways)) {
    const bare = await microsOf(nothing);
    const full = await microsOf(request);
    // The first round compiles.
    if (round > 0) differences.get(name).push(full - bare);
  }
}
for (const [name, values] of differences) {
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(1));
  console.log(`${name}: ${median(values).toFixed(1)} µs a request (${least}–${most})`);
}
process.exit(0);
