import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { seed } from '../support/seed.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** A process of its own: what it calls in order to sync is not Node's. */
const sample = ['scripts/run-ts.js', 'test/soak/power-loss.ts', String(seed), '0'];

describe(`a power loss at any moment, on a disk that also fails, SEED=${seed}`, () => {
  it('leaves every block whole that was acknowledged', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, sample, { cwd: root });
    const { count, verdict, detail } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    expect([verdict, detail]).toEqual(['ok', detail]);
    expect(count).toBeGreaterThan(100);
  }, 60_000);
});
