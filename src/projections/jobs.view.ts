import type { KvSnapshot } from '../ports/kv-store.js';
import type { Page } from '../shared/page.js';
import { decodeValue, type EndedJob, type RunningJob } from './kv-codec.js';
import type { JobPartitions } from './kv-keys.js';
import { scanPage } from './scan-page.js';

/** Jobs of one kind in all repositories: those that run, and those that have ended lately. */
export class JobsView {
  constructor(
    private readonly kv: KvSnapshot,
    private readonly jobs: JobPartitions,
  ) {}

  running(after: string, amount: number): Promise<Page<RunningJob>> {
    return this.#page<RunningJob>(this.jobs.running, after, amount);
  }

  ended(after: string, amount: number): Promise<Page<EndedJob>> {
    return this.#page<EndedJob>(this.jobs.ended, after, amount);
  }

  #page<Item>(partition: string, after: string, amount: number): Promise<Page<Item>> {
    return scanPage(
      this.kv,
      { after, amount },
      { partition, prefix: '', isFiltered: false, item: (row) => decodeValue<Item>(row) },
    );
  }
}
