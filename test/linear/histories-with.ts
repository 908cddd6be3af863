import { describe, expect, it } from '@jest/globals';
import { seed } from '../support/seed.js';
import type { Fault } from './faulty-node.js';
import { runWithFault } from './in-memory.js';

const HISTORIES = 15;
const OPERATIONS = 2_000;
/** After these some client does not know what became of its request. */
const UNTOLD: readonly Fault[] = ['killed', 'answers lost', 'store away'];

/**
 * Says that histories with a fault are linearizable. A fault has a spec of its own, so that they
 * run side by side. Histories over processes are in test/nodes: fewer, since each costs many times
 * as much; those without a fault are in planted.spec.ts.
 */
export function describeHistoriesWith(fault: Fault): void {
  describe(`histories of sixteen clients on two nodes, SEED=${seed}`, () => {
    it(`are linearizable when this goes wrong: ${fault}`, async () => {
      let [unknown, imported, takenOver] = [0, 0, 0];
      for (let of = seed; of < seed + HISTORIES; of++) {
        const load = { seed: of, clientCount: 16, operationCount: OPERATIONS };
        const judgement = await runWithFault(load, fault);
        expect([`SEED=${of}`, ...judgement.violations]).toEqual([`SEED=${of}`]);
        expect(judgement.answered).toBeGreaterThanOrEqual(OPERATIONS);
        unknown += judgement.unknown;
        imported += judgement.imported;
        takenOver += judgement.takenOver;
      }
      expect(unknown > 0).toBe(UNTOLD.includes(fault));
      expect(imported).toBeGreaterThan(HISTORIES);
      expect(takenOver).toBeGreaterThan(0);
    }, 900_000);
  });
}
