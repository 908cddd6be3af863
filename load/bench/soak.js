// One server of ours under `soak.js` for minutes: does its memory or its open files grow?
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { residentMbOf } from '../compare/processes.js';
import { QUIETLY } from '../compare/run-question.js';
import { CREDENTIALS, startOurs } from './servers.js';

const SAMPLE_MS = 5_000;
/** Caches fill and code is compiled in the first part: the slope is that of the rest. */
const SETTLED_PART = 0.4;
/** What the settled part may add an hour, by the line through its samples. */
const MB_PER_HOUR_MAX = 150;

/** Returns the exit code: 1 when an operation failed, or memory or open files go on growing. */
export async function soak({ values, folder, postgres }) {
  const databaseUrl = await postgres.newDatabase('bench_soak');
  const server = await startOurs({ databaseUrl, folder, number: 1 });
  const seconds = Math.round(Number(values.minutes) * 60);
  const samples = [];
  try {
    const script = join(import.meta.dirname, '..', 'soak.js');
    const child = spawn(values.k6, ['run', ...QUIETLY, script], {
      env: {
        ...process.env,
        ...CREDENTIALS,
        LOAD_URL: server.url,
        LOAD_SECONDS: String(seconds),
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const ended = once(child, 'close');
    const isOver = ended.then(() => true);
    const startedMs = performance.now();
    while (!(await Promise.race([isOver, wait(SAMPLE_MS, false)]))) {
      const { server: residentMb } = residentMbOf({ server: server.pid });
      const files = readdirSync(`/proc/${server.pid}/fd`).length;
      samples.push({ atS: (performance.now() - startedMs) / 1000, residentMb, files });
    }
    const [code] = await ended;
    return report(values.out, samples, code);
  } finally {
    await server.stop();
  }
}

function report(out, samples, code) {
  writeFileSync(join(out, 'soak.json'), JSON.stringify(samples, null, 1));
  const settled = samples.slice(Math.floor(samples.length * SETTLED_PART));
  const mbPerHour = 3600 * slopeOf(settled.map(({ atS, residentMb }) => [atS, residentMb]));
  const filesPerHour = 3600 * slopeOf(settled.map(({ atS, files }) => [atS, files]));
  const most = Math.max(...samples.map(({ residentMb }) => residentMb));
  const last = samples.at(-1);
  console.log(
    `memory ${last.residentMb} MB at the end, ${most} at most, ${mbPerHour.toFixed(0)} MB/h over ` +
      `the last ${((1 - SETTLED_PART) * 100).toFixed(0)} %; ${last.files} open files, ` +
      `${filesPerHour.toFixed(0)} more an hour`,
  );
  const faults = [
    code !== 0 && 'an operation failed',
    mbPerHour > MB_PER_HOUR_MAX && 'memory goes on growing',
    filesPerHour > last.files && 'open files go on growing',
  ].filter(Boolean);
  for (const fault of faults) console.log(`FAIL ${fault}`);
  console.log(`${3 - faults.length} passed, ${faults.length} failed`);
  return faults.length > 0 ? 1 : 0;
}

/** Returns the slope of the line of least squares. */
function slopeOf(points) {
  const mean = (of) => points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(([at]) => at), mean(([, value]) => value)];
  const shared = points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0);
  const own = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  return own === 0 ? 0 : shared / own;
}
