import { Admission } from '../api/admission.js';
import type { EdgeLimits } from '../api/edge-limits.js';
import { SlowClients } from '../api/slow-clients.js';
import type { ServerConfig } from '../config/server.config.js';
import type { AdmissionMetrics } from '../observability/admission-metrics.js';
import type { Worker } from './worker.js';

const EXPIRE_EVERY_MS = 100;
const LOOK_EVERY_MS = 1_000;

/** How much is let in, who is ended for standing still, and whether the server is about to end. */
export class Limiting implements Worker {
  readonly limits: EdgeLimits;
  #isDraining = false;
  #timers: readonly NodeJS.Timeout[] = [];

  constructor(config: ServerConfig, metrics: AdmissionMetrics | undefined) {
    const elapsedMs = () => performance.now();
    const admission = new Admission(config, elapsedMs);
    this.limits = {
      admission,
      slowClients: new SlowClients(config, elapsedMs),
      isDraining: () => this.#isDraining,
      refused: (reason) => metrics?.refused(reason),
    };
    metrics?.follow(
      () => admission.counts,
      () => this.#isDraining,
    );
  }

  /** From here on the server is not ready, and each answer ends its connection. */
  drain(): void {
    this.#isDraining = true;
  }

  start(): void {
    const { admission, slowClients } = this.limits;
    this.#timers = [
      setInterval(() => admission.expire(), EXPIRE_EVERY_MS).unref(),
      setInterval(() => slowClients.check(), LOOK_EVERY_MS).unref(),
    ];
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
  }
}
