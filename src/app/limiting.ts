import { Admission } from '../api/admission.js';
import type { EdgeLimits } from '../api/edge-limits.js';
import { SlowClients } from '../api/slow-clients.js';
import type { ServerConfig } from '../config/server.config.js';
import type { AdmissionMetrics } from '../observability/admission-metrics.js';
import type { Logger } from '../observability/logger.js';
import type { Worker } from './worker.js';

const EXPIRE_EVERY_MS = 100;
const LOOK_EVERY_MS = 1_000;

/** How much is let in, who is ended for standing still, and whether the server is about to end. */
export class Limiting implements Worker {
  readonly limits: Omit<EdgeLimits, 'newRequestId'>;
  #isDraining = false;
  #refusedCount = 0;
  #timers: readonly NodeJS.Timeout[] = [];

  constructor(
    config: ServerConfig,
    metrics: AdmissionMetrics | undefined,
    private readonly logger: Logger,
  ) {
    const elapsedMs = () => performance.now();
    const admission = new Admission(config, elapsedMs);
    this.limits = {
      admission,
      slowClients: new SlowClients(config, elapsedMs),
      isDraining: () => this.#isDraining,
      refused: (reason) => {
        this.#refusedCount++;
        metrics?.refused(reason);
      },
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
      setInterval(() => {
        slowClients.check();
        this.#tell();
      }, LOOK_EVERY_MS).unref(),
    ];
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#tell();
  }

  /** One line for all: a line of each would be most of what there is to do. */
  #tell(): void {
    const count = this.#refusedCount;
    if (count === 0) return;
    this.#refusedCount = 0;
    this.logger.warn({ count }, 'requests were turned away');
  }
}
