import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { codeOf } from '../block-adapter/fs-errors.js';
import { SECRET_KEY_CHARACTERS_MIN } from './aes-secrets.js';
import { StartError } from './start-error.js';

/**
 * Returns the key in a data folder, made now if there is none.
 *
 * @throws StartError secret_key  others may read it, or it is too short to be one
 */
export function secretKeyIn(data: string): string {
  const path = join(data, 'secret.key');
  try {
    return readKey(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  const own = `${path}.${process.pid}`;
  writeDurably(own, `${randomBytes(32).toString('base64url')}\n`);
  try {
    // Of two that make one at the same time, both go on with the first.
    linkSync(own, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(own, { force: true });
  }
  syncFolder(data);
  return readKey(path);
}

function readKey(path: string): string {
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) !== 0) {
    throw new StartError(
      'secret_key',
      `${path} has mode 0${mode.toString(8)}, so others may use it: \`chmod 600\` it`,
    );
  }
  const key = readFileSync(path, 'utf8').trim();
  if (key.length >= SECRET_KEY_CHARACTERS_MIN) return key;
  throw new StartError('secret_key', `${path} holds no key: put it back from a backup`);
}

function writeDurably(path: string, content: string): void {
  rmSync(path, { force: true });
  const file = openSync(path, 'wx', 0o600);
  try {
    writeSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
