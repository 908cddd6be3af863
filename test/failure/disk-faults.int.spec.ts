import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { seed } from '../support/seed.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** A process of its own: the disk fails under Node's own calls, for all that it has loaded. */
const sample = ['scripts/run-ts.js', 'test/soak/disk-faults.ts', String(seed), '0'];

describe(`a disk that fails at one call, SEED=${seed}`, () => {
  it('loses nothing that was answered, and half of nothing that was refused', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, sample, { cwd: root });
    const { count, verdict, detail } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    expect([verdict, detail]).toEqual(['ok', detail]);
    // Of 50 calls every 17th, in the four ways that strike any of them.
    expect(count).toBeGreaterThanOrEqual(8);
  }, 120_000);
});
