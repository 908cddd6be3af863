// One run of one script against one server, and the CPU of everybody meanwhile.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { cpuMsOf, machineCpuMs, residentMbOf } from './processes.js';

/** CPU is sampled this long after the first request and that long before the last. */
const LEAD_MS = 400;
const TAIL_MS = 300;
/** It reports to nobody, and offers no control on a port that another run may have. */
export const QUIETLY = ['--no-usage-report', '--quiet', '--address', '127.0.0.1:0'];
const BEGINS = 'load: measuring begins';
/** Said by what ends by itself, when it is done. */
const ENDS = 'load: measuring ends';

/**
 * Runs a script and returns what k6 counted and what CPU an operation took.
 *
 * @param {{script: string}} question
 * @param {import('./sides.js').Side} side
 * @param {{k6: string, clients: number, seconds: number, folder: string}} options
 */
export async function runQuestion({ script }, side, { k6, clients, seconds, folder }) {
  const results = mkdtempSync(join(tmpdir(), 'load-'));
  const summaryFile = join(results, 'summary.json');
  const child = spawn(k6, ['run', ...QUIETLY, join(folder, script)], {
    env: { ...process.env, ...side.env, ...envOf({ clients, seconds, summaryFile }) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said = [];
  const ended = Promise.withResolvers();
  const sampled = new Promise((resolve, reject) => {
    createInterface(child.stderr).on('line', (line) => {
      if (line.includes(BEGINS)) {
        const pids = { ...side.pids, k6: child.pid };
        sample(pids, seconds, ended.promise).then(resolve, reject);
      } else if (line.includes(ENDS)) ended.resolve();
      else said.push(line);
    });
    child.on('close', () => resolve(undefined));
  });
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  try {
    const figures = await sampled;
    // Without its fixtures a run counts nothing, and nothing is no figure.
    if (figures === undefined) {
      throw new Error(`${script} on ${side.urls[0]} ended with ${code}:\n${said.join('\n')}`);
    }
    const summary = JSON.parse(readFileSync(summaryFile, 'utf8'));
    return { ...summary, isPassed: code === 0, said: said.slice(0, 10), ...figures };
  } finally {
    rmSync(results, { recursive: true });
  }
}

/** Returns the CPU-milliseconds a second of each tree and of the machine, and memory at the end. */
async function sample(pids, seconds, ended) {
  await wait(LEAD_MS);
  const before = { at: performance.now(), ...cpuMsOf(pids), machine: machineCpuMs() };
  await Promise.race([wait(seconds * 1000 - LEAD_MS - TAIL_MS), ended]);
  const after = { at: performance.now(), ...cpuMsOf(pids), machine: machineCpuMs() };
  const { k6: _, ...servers } = pids;
  const spanSeconds = (after.at - before.at) / 1000;
  const rateOf = (name) => (after[name] - before[name]) / spanSeconds;
  const names = [...Object.keys(pids), 'machine'];
  return {
    cpu: Object.fromEntries(names.map((name) => [name, rateOf(name)])),
    residentMb: residentMbOf(servers),
  };
}

function envOf({ clients, seconds, summaryFile }) {
  return {
    LOAD_CLIENTS: String(clients),
    LOAD_SECONDS: String(seconds),
    LOAD_SUMMARY: summaryFile,
  };
}
