import { readFileSync } from 'node:fs';

/** Returns the number behind the last `next` that a job's lines in the record say; '0': none does. */
export function lastNext(job) {
  const ofJob = new RegExp(`,${job},.*\\bnext (\\d+)`, 'g');
  return [...readRecord().matchAll(ofJob)].at(-1)?.[1] ?? '0';
}

function readRecord() {
  try {
    return readFileSync(new URL('../soak.csv', import.meta.url), 'utf8');
  } catch {
    return '';
  }
}
