// Rolling restarts of two nodes under load, for so many minutes; a line of JSON at the end says
// what came of it. Twenty take a minute on a quiet machine.
//
//   node scripts/run-ts.js test/soak/rolling-restarts.ts <seed> <minutes>
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgres } from '../../src/app/embedded-postgres.js';
import { rollingRestarts } from '../rolling/rolling-restarts.js';

const [, minutes = 1] = process.argv.slice(2).map(Number);
const untilMs = performance.now() + minutes * 60_000;
const data = mkdtempSync(join(tmpdir(), 'moraine-rolling-postgres-'));
const postgres = await EmbeddedPostgres.start({ data, onExit: (reason) => console.error(reason) });
try {
  const { host = '', port, user = '', database = '' } = postgres.connection;
  const place = `host=${encodeURIComponent(host)}${port === undefined ? '' : `&port=${port}`}`;
  const url = `postgres://${user}@localhost/${database}?${place}`;
  const isOver = (): boolean => performance.now() > untilMs;
  const { restarts, uploads, commits, faults, lost } = await rollingRestarts(url, isOver);
  const wrong = [...faults, ...lost.map((each) => `lost: ${each}`)];
  const detail = wrong[0] ?? `${uploads} uploads and ${commits} commits acknowledged, all there`;
  console.log(
    JSON.stringify({
      count: restarts,
      verdict: wrong.length === 0 ? 'ok' : 'failed',
      detail: wrong.length > 1 ? `${detail} (and ${wrong.length - 1} more)` : detail,
    }),
  );
} finally {
  await postgres.stop();
  rmSync(data, { recursive: true, force: true });
}
