import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataLock } from './data-lock.js';
import { secretKeyIn } from './secret-key.js';

let data = '';

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'moraine-data-'));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

describe('the secret key', () => {
  it('is made once, for its owner alone', () => {
    const key = secretKeyIn(data);
    expect(Buffer.from(key, 'base64url')).toHaveLength(32);
    expect(statSync(join(data, 'secret.key')).mode & 0o777).toBe(0o600);
    expect(secretKeyIn(data)).toBe(key);
    expect(readdirSync(data)).toEqual(['secret.key']);
  });

  it('is refused when others may read it', () => {
    secretKeyIn(data);
    chmodSync(join(data, 'secret.key'), 0o644);
    expect(() => secretKeyIn(data)).toThrow(/has mode 0644.*chmod 600/);
  });

  it('is not made again over a file that was cut', () => {
    writeFileSync(join(data, 'secret.key'), '', { mode: 0o600 });
    expect(() => secretKeyIn(data)).toThrow(/holds no key/);
  });
});

describe('the lock of a data folder', () => {
  it('keeps a second one out while its process lives, naming both', () => {
    writeFileSync(join(data, 'moraine.lock'), '');
    const lock = DataLock.take(data);
    expect(() => DataLock.take(data)).toThrow(
      `process ${process.pid} already runs on the data folder ${data}`,
    );
    lock.release();
    DataLock.take(data).release();
    expect(readdirSync(data)).toEqual([]);
  });

  it.each([
    ['a process that is no more', '4194305 some-boot 1\n'],
    ['a process whose number another one has now', `${process.pid} some-boot 1\n`],
    ['a file that was cut', '12'],
  ])('is taken over from %s', (_, content) => {
    writeFileSync(join(data, 'moraine.lock'), content);
    DataLock.take(data).release();
    expect(readdirSync(data)).toEqual([]);
  });
});
