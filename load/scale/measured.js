// What a piece of work costs the server that does it: time, CPU, and memory at its peak.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpuMsOf } from '../compare/processes.js';

/** @returns seconds, cpuMs of server and database, peakMb and idleMb of the server */
export async function measured(pids, work) {
  const idleMb = residentMb(pids.server);
  forgetPeak(pids.server);
  const before = cpuMsOf(pids);
  const startedMs = performance.now();
  const result = await work();
  const seconds = round((performance.now() - startedMs) / 1000);
  const after = cpuMsOf(pids);
  const cpuMs = Math.round(
    ['server', 'postgres'].reduce((sum, name) => sum + (after[name] - before[name] || 0), 0),
  );
  return { seconds, cpuMs, idleMb, peakMb: peakMb(pids.server), ...result };
}

const round = (seconds) => Math.round(seconds * 1000) / 1000;

const residentMb = (pid) => memoryMb(pid, 'VmRSS');
const peakMb = (pid) => memoryMb(pid, 'VmHWM');

function memoryMb(pid, field) {
  if (pid === undefined) return undefined;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024);
}

/** Linux keeps the highest resident size until it is told to begin anew. */
function forgetPeak(pid) {
  if (pid !== undefined) writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
