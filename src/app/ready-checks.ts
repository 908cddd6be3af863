import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { NotReady, type ReadinessCheck, reportOf, type ReadyReport } from '../api/readiness.js';
import { InstallationView } from '../projections/installation.view.js';
import type { Adapters } from './adapters.module.js';

/** A probe that is not answered in time counts as a no with whoever sent it. */
const CHECK_MS_MAX = 2_000;
/** Nobody writes to it. */
const PROBED_STREAM = 'installation-probe';

/** Asks every store whether it answers; those who ask at the same time get one answer. */
export class ReadyChecks {
  #running: Promise<ReadyReport> | undefined;

  constructor(private readonly checks: readonly ReadinessCheck[]) {}

  report(): Promise<ReadyReport> {
    this.#running ??= reportOf(this.checks.map(inTime)).finally(() => (this.#running = undefined));
    return this.#running;
  }
}

export function storeChecks({ log, kv }: Adapters, data: string): readonly ReadinessCheck[] {
  return [
    { name: 'log', check: () => log.end(PROBED_STREAM) },
    { name: 'views', check: () => new InstallationView(kv).setup() },
    {
      name: 'objects',
      check: () => access(join(data, 'objects'), constants.R_OK | constants.W_OK),
    },
  ];
}

export const drainCheck = (isDraining: () => boolean): ReadinessCheck => ({
  name: 'stopping',
  async check() {
    if (isDraining()) throw new NotReady('the server is about to stop');
  },
});

function inTime({ name, check }: ReadinessCheck): ReadinessCheck {
  return { name, check: () => withinTime(check()) };
}

async function withinTime(work: Promise<unknown>): Promise<void> {
  const cancel = new AbortController();
  const { signal } = cancel;
  const tooLate = wait(CHECK_MS_MAX, 'late', { signal, ref: false }).catch(() => undefined);
  try {
    if ((await Promise.race([work, tooLate])) === 'late') {
      throw new NotReady(`no answer within ${CHECK_MS_MAX} ms`);
    }
  } finally {
    cancel.abort();
  }
}
