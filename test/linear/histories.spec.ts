import { describe, expect, it } from '@jest/globals';
import { seed } from '../support/seed.js';
import { FAULTS, type Fault } from './faulty-node.js';
import { runWithFault } from './in-memory.js';

const HISTORIES_EACH = 3;
const OPERATIONS = 2_000;

/** Histories over processes are in test/nodes: fewer, since each costs many times as much. */
describe(`histories of sixteen clients on two nodes, SEED=${seed}`, () => {
  const runs = Array.from({ length: HISTORIES_EACH }, (_, n) => n);

  it.each(FAULTS)(
    'are linearizable when this goes wrong: %s',
    async (fault: Fault) => {
      let answered = 0;
      for (const n of runs) {
        const load = { seed: seed + n, clientCount: 16, operationCount: OPERATIONS };
        const judgement = await runWithFault(load, fault);
        expect([`SEED=${seed + n}`, ...judgement.violations]).toEqual([`SEED=${seed + n}`]);
        answered += judgement.answered;
      }
      expect(answered).toBeGreaterThanOrEqual(HISTORIES_EACH * OPERATIONS);
    },
    120_000,
  );
});
