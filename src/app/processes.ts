import { execFileSync, type ExecFileSyncOptionsWithStringEncoding } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { codeOf } from '../block-adapter/fs-errors.js';

const POLL_MS = 20;
const QUIET: ExecFileSyncOptionsWithStringEncoding = {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
};

/**
 * Returns what tells a living process from an earlier or later one of the same number, or undefined
 * when there is none. One that has ended and was not reaped is none.
 */
export function processIdentity(pid: number): string | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  try {
    if (process.platform === 'linux') return linuxIdentity(pid);
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], QUIET).trim();
    return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
  } catch {
    return undefined;
  }
}

function linuxIdentity(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in brackets, which may hold blanks and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${boot} ${fields[19]}`;
}

/** Returns the processes whose command line, or the title they gave themselves, holds a text. */
export function processesWith(text: string): number[] {
  if (process.platform === 'linux') {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.map(Number).filter((pid) => commandLine(pid).includes(text));
  }
  const lines = execFileSync('ps', ['-axww', '-o', 'pid=,command='], QUIET).split('\n');
  return lines.filter((line) => line.includes(text)).map((line) => Number.parseInt(line, 10));
}

// World-readable, unlike a process's folder, for which root in a container lacks the right.
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Returns whether a living process shows no command line: one that ends, or the kernel's. */
export function isNameless(pid: number): boolean {
  if (process.platform !== 'linux') return false;
  return processIdentity(pid) !== undefined && commandLine(pid) === '';
}

/** Returns whether a number stands for any process, also for one that ended and was not reaped. */
export function isTaken(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Sends a signal; a process that is gone already is no fault. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH' && processIdentity(pid) !== undefined) throw error;
  }
}

/** Returns whether `isSo` came true within `ms`. */
export async function becomes(isSo: () => boolean, ms: number): Promise<boolean> {
  const until = performance.now() + ms;
  while (!isSo()) {
    if (performance.now() >= until) return false;
    await wait(POLL_MS);
  }
  return true;
}
