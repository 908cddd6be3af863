// Loaded into a server by `--import`: how much CPU its main thread takes between two turns of its
// loop, as often as that turns by itself. What comes in at once is answered in one turn, so a turn
// may be of several pieces of work. What the collector took of it is told apart.
import { writeFileSync } from 'node:fs';
import { PerformanceObserver, constants } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const LONG_US = 20_000;
const MAJOR = constants.NODE_PERFORMANCE_GC_MAJOR;

if (isMainThread && process.env.TURNS_FILE !== undefined) {
  const collections = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration, detail } of list.getEntries()) {
      collections.push({ fromMs: startTime, toMs: startTime + duration, kind: detail.kind });
    }
  }).observe({ entryTypes: ['gc'] });
  let longest = [];
  let count = 0;
  let last = process.threadCpuUsage();
  let lastMs = performance.now();
  const turn = () => {
    const { user, system } = process.threadCpuUsage(last);
    const nowMs = performance.now();
    count++;
    if (user + system > LONG_US / 2) {
      longest.push({ cpuMs: (user + system) / 1000, fromMs: lastMs, toMs: nowMs });
    }
    last = process.threadCpuUsage();
    lastMs = nowMs;
    setImmediate(turn).unref();
  };
  turn();
  process.on('SIGUSR2', () => {
    // What the collector did is told a while after it.
    setTimeout(() => {
      for (const each of longest) {
        const within = collections.filter((of) => of.fromMs < each.toMs && of.toMs > each.fromMs);
        each.gcMs = within.reduce((sum, of) => sum + of.toMs - of.fromMs, 0);
        each.hasMajor = within.some(({ kind }) => kind === MAJOR);
      }
      longest.sort((one, other) => other.cpuMs - other.gcMs - (one.cpuMs - one.gcMs));
      writeFileSync(process.env.TURNS_FILE, JSON.stringify({ count, longest }));
      longest = [];
      count = 0;
      collections.length = 0;
    }, 50);
  });
}
