import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../block-adapter/fs-errors.js';
import { processIdentity } from './processes.js';
import { StartError } from './start-error.js';

/**
 * Keeps a second server out of a data folder on this machine. A server that was killed leaves its
 * file behind, which names a process that is no more and so keeps nobody out.
 */
export class DataLock {
  private constructor(
    private readonly path: string,
    private readonly content: string,
  ) {}

  /** @throws StartError data_in_use  another living process has the folder */
  static take(folder: string): DataLock {
    const path = join(folder, 'moraine.lock');
    const content = `${process.pid} ${processIdentity(process.pid)}\n`;
    const own = `${path}.${process.pid}`;
    writeFileSync(own, content);
    try {
      // The second try comes after a stale file was taken away.
      if (!isLinked(own, path)) {
        removeStale(path, folder);
        if (!isLinked(own, path)) throw inUse(folder, readOrEmpty(path));
      }
    } finally {
      rmSync(own, { force: true });
    }
    return new DataLock(path, content);
  }

  release(): void {
    if (readOrEmpty(this.path) === this.content) rmSync(this.path, { force: true });
  }
}

function isLinked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function removeStale(path: string, folder: string): void {
  const found = readOrEmpty(path);
  if (isHeld(found)) throw inUse(folder, found);
  const aside = `${path}.stale.${process.pid}`;
  renameSync(path, aside);
  // Another process may have taken the lock between our look and our rename: then it is given back.
  const taken = readOrEmpty(aside);
  if (taken !== found && isHeld(taken)) {
    isLinked(aside, path);
    rmSync(aside, { force: true });
    throw inUse(folder, taken);
  }
  rmSync(aside, { force: true });
}

function isHeld(content: string): boolean {
  const [pid = '', ...identity] = content.trim().split(' ');
  // Our own number, from before a restart of the machine or the container, is no other process.
  return processIdentity(Number(pid)) === identity.join(' ');
}

function inUse(folder: string, content: string): StartError {
  const pid = content.split(' ')[0];
  return new StartError(
    'data_in_use',
    `process ${pid} already runs on the data folder ${folder}; ` +
      'stop it, or give this one another folder by MORAINE_DATA',
  );
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
