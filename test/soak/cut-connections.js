// The database connection cut after every byte count of an append, both ways: test/failure. A run
// goes on behind the last cut of the one before, as the record has it.
import { readFileSync } from 'node:fs';
import { runsTypeScript } from '../support/soak-job.js';

export const name = 'cut-connections';

const NEXT = /,cut-connections,.*\bnext (\d+)/g;

/** Counts cuts; an append that is missing, or there twice, or a caller told wrong, is a failure. */
export function run(slice) {
  const next = [...readRecord().matchAll(NEXT)].at(-1)?.[1] ?? '0';
  return runsTypeScript('test/soak/cut-connections.ts', next)(slice);
}

function readRecord() {
  try {
    return readFileSync(new URL('../soak.csv', import.meta.url), 'utf8');
  } catch {
    return '';
  }
}
