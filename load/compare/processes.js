// How much CPU a process and everything below it has taken, as Linux tells it in /proc.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/**
 * Returns the CPU time of the trees below some roots, children that have ended included.
 *
 * @param {Record<string, number | undefined>} roots  a process id each, by name. A root below another
 *   one has its own tree: a Postgres that the server started is not the server.
 * @returns {Record<string, number>} milliseconds by name; NaN of a root that is not there
 */
export function cpuMsOf(roots) {
  const all = readAll();
  const isRoot = new Set(Object.values(roots));
  const treeTicks = (pid) => {
    const own = all.get(pid);
    if (own === undefined) return Number.NaN;
    return own.children
      .filter((child) => !isRoot.has(child))
      .reduce((sum, child) => sum + (treeTicks(child) || 0), own.ticks);
  };
  return Object.fromEntries(
    Object.entries(roots).map(([name, pid]) => [
      name,
      pid === undefined ? Number.NaN : (treeTicks(pid) * 1000) / ticksPerSecond,
    ]),
  );
}

/** Returns the resident memory of each, in MiB; a root alone, without what is below it. */
export function residentMbOf(roots) {
  return Object.fromEntries(Object.entries(roots).map(([name, pid]) => [name, residentMb(pid)]));
}

function residentMb(pid) {
  if (pid === undefined) return Number.NaN;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024);
}

/** Returns how busy the machine was with anything at all between two calls: CPU-ms since its start. */
export function machineCpuMs() {
  const [, user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8')
    .split('\n', 1)[0]
    .split(/\s+/)
    .map(Number);
  return ((user + nice + system + irq + softirq + steal) * 1000) / ticksPerSecond;
}

function readAll() {
  const all = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readStat(name);
    if (stat) all.set(Number(name), { ...stat, children: [] });
  }
  for (const [pid, { parent }] of all) all.get(parent)?.children.push(pid);
  return all;
}

function readStat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in brackets and may hold anything, so fields count from its end.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
    return { parent: Number(fields[1]), ticks };
  } catch {
    return undefined; // Ended while it was looked at.
  }
}
