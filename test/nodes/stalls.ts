import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { FAILPOINTS_OF, type Failpoint } from '../../src/shared/failpoint.js';
import type { Calls } from './calls.js';
import type { Cluster } from './cluster.js';
import { Lake } from './lake.js';

/** What anything may take elsewhere while a node stands still. */
export const STALL_MS_MAX = 2_000;

type Query = <Row extends object>(sql: string) => Promise<readonly Row[]>;

/** How a node goes: held up for a while, or for ever. */
export type Way = 'SIGSTOP' | 'SIGKILL';

export interface Stall {
  readonly at: Failpoint;
  readonly way: Way;
  /** False: nobody came there in time, and nothing was measured. */
  readonly isReached: boolean;
  /** Requests that the node had under way then. */
  readonly underWay: number;
  /** The longest that anything took elsewhere, on the branch and on another one. */
  readonly worstMs: number;
  readonly worst: string;
  /** What the machine itself was late by meanwhile. */
  readonly lateMs: number;
  /** Answers that nobody should have got. */
  readonly faults: readonly string[];
}

/** Where a node is stopped: whatever a request comes through. */
export const STOPS: readonly Failpoint[] = [
  ...FAILPOINTS_OF.append,
  ...FAILPOINTS_OF.rotation,
  ...FAILPOINTS_OF.intent,
  ...FAILPOINTS_OF.completion,
  ...FAILPOINTS_OF.range,
  ...FAILPOINTS_OF.block,
  ...FAILPOINTS_OF.branch,
  ...FAILPOINTS_OF.request,
];

/** What a node needs in its environment so that it can be stopped at a place. */
export const stoppable = (file: string): Record<string, string> => ({
  NODE_OPTIONS: `--import=${new URL('stop-at.js', import.meta.url).href}`,
  STOP_AT_FILE: file,
});

/** Stops the first node of a cluster in the middle of work, and asks another one meanwhile. */
export class Stalls {
  readonly #lake: Lake;
  #rounds = 0;

  private constructor(
    private readonly cluster: Cluster,
    private readonly query: Query,
    private readonly file: string,
    name: string,
  ) {
    this.#lake = new Lake(name);
  }

  /** @param file  the one of {@link stoppable} */
  static async over(cluster: Cluster, query: Query, file: string): Promise<Stalls> {
    const stalls = new Stalls(cluster, query, file, `stalls-${performance.now().toFixed(0)}`);
    await stalls.#lake.make(cluster.member(0).calls);
    return stalls;
  }

  async measure(at: Failpoint, nth: number, way: Way): Promise<Stall> {
    const { node, calls } = this.cluster.member(0);
    const branch = `b${this.#rounds++}`;
    await this.#prepare(calls, branch);
    const lag = new Lag();
    this.#arm(`${at} ${nth} ${way}`);
    const work = new Work(this.#lake, calls, branch);
    const isReached = await work.until(() => isStopped(node.pid));
    const underWay = work.underWay;
    // Nobody may come there later.
    if (!isReached) this.#arm('nowhere 0 SIGCONT');
    const other = this.cluster.member(1).calls;
    const asked = isReached ? await this.#askAll(other, branch) : { worstMs: 0, worst: '' };
    if (way === 'SIGKILL' && isReached) await node.start();
    else node.resume();
    const faults = await work.end(way);
    return { at, way, isReached, underWay, ...asked, lateMs: lag.end(), faults };
  }

  /** Tells the first node where to stop. */
  #arm(text: string): void {
    writeFileSync(this.file, text);
    this.cluster.member(0).node.signal('SIGUSR2');
  }

  async #prepare(on: Calls, branch: string): Promise<void> {
    const lake = this.#lake;
    await lake.branch(on, branch);
    await lake.branch(on, `${branch}-side`);
    await lake.put(on, `${branch}-side`, 'from-side');
    await lake.commit(on, `${branch}-side`);
    await lake.branch(on, `${branch}-calm`);
    await lake.put(on, `${branch}-calm`, 'calm');
  }

  async #askAll(on: Calls, branch: string): Promise<{ worstMs: number; worst: string }> {
    const lake = this.#lake;
    let [worstMs, worst] = [0, ''];
    const timed = async (what: string, work: () => Promise<unknown>): Promise<void> => {
      const startedMs = performance.now();
      await work();
      const tookMs = performance.now() - startedMs;
      if (tookMs > worstMs) [worstMs, worst] = [tookMs, what];
    };
    await Promise.all([
      timed('write', () => lake.put(on, branch, 'w')),
      timed('read', () => lake.paths(on, branch)),
      timed('write elsewhere', () => lake.put(on, `${branch}-calm`, 'w')),
      timed('commit elsewhere', () => lake.commit(on, `${branch}-calm`)),
      // Nobody asks for an intent here: what is pending is completed for its own sake.
      timed('pending intents', () => this.#untilQuiet()),
    ]);
    await timed('conditional write', () => {
      const call = { ...lake.putting(branch, `once-${branch}`), headers: { 'if-none-match': '*' } };
      return on.must(call);
    });
    await timed('commit', () => lake.commit(on, branch));
    await timed('branch', () => lake.branch(on, `${branch}-more`, branch));
    await timed('delete', () => lake.delete(on, `/branches/${branch}-more`));
    return { worstMs, worst };
  }

  async #untilQuiet(): Promise<void> {
    while ((await this.query(PENDING)).length > 0) await delay(POLL_MS);
  }
}

/** All kinds of requests on one branch, again and again, by one node. */
class Work {
  readonly #lake: Lake;
  readonly #faults: string[] = [];
  readonly #running: Promise<void>[] = [];
  #isOver = false;
  underWay = 0;

  constructor(
    lake: Lake,
    private readonly on: Calls,
    private readonly branch: string,
  ) {
    this.#lake = lake;
    const kinds: readonly ((n: number) => Promise<unknown>)[] = [
      (n) => lake.put(on, branch, `w-${n % 20}`, `${n}`),
      (n) => lake.put(on, branch, `v-${n % 20}`, `${n}`),
      (n) => on.send({ ...lake.putting(branch, `u-${n}`), headers: { 'if-none-match': '*' } }),
      (n) => on.send(this.#post('/commits', { message: `${n}` })),
      (n) => on.send({ ...lake.putting(branch, `k-${n}`), headers: key(branch, n) }),
      (n) => (n % 3 === 0 ? this.#reset() : on.send(this.#merge())),
      (n) => this.#branch(n),
    ];
    for (const kind of kinds) this.#running.push(this.#again(kind));
  }

  /** @returns whether it came to that in time */
  async until(isTime: () => boolean): Promise<boolean> {
    const untilMs = performance.now() + REACHED_MS_MAX;
    while (!isTime()) {
      if (performance.now() > untilMs) return false;
      await delay(POLL_MS / 2);
    }
    return true;
  }

  async end(way: Way): Promise<readonly string[]> {
    this.#isOver = true;
    await Promise.all(this.#running);
    // Who was killed answers nobody.
    return way === 'SIGKILL' ? [] : this.#faults;
  }

  async #again(kind: (n: number) => Promise<unknown>): Promise<void> {
    for (let n = 0; !this.#isOver; n++) {
      this.underWay++;
      try {
        await kind(n);
      } catch (error) {
        this.#faults.push(String(error));
        await delay(POLL_MS);
      }
      this.underWay--;
    }
  }

  #post(path: string, json: object) {
    return {
      method: 'POST',
      path: `${this.#lake.path}/branches/${this.branch}${path}`,
      json,
    } as const;
  }

  #merge() {
    const path = `${this.#lake.path}/refs/${this.branch}-side/merge/${this.branch}`;
    return { method: 'POST', path, json: { allow_empty: true } } as const;
  }

  async #reset(): Promise<void> {
    const path = `${this.#lake.path}/branches/${this.branch}`;
    await this.on.must({ method: 'PUT', path, json: { type: 'reset' } });
    await this.on.send(this.#merge());
  }

  async #branch(n: number): Promise<void> {
    const name = `${this.branch}-${n}`;
    await this.#lake.branch(this.on, name, this.branch);
    await this.#lake.put(this.on, name, 'first');
    await this.#lake.delete(this.on, `/branches/${name}`);
  }
}

const key = (branch: string, n: number) => ({ 'idempotency-key': `${branch}-${n}` });

/** How late this process's own timers are: of a busy machine, and nobody's stall. */
class Lag {
  #worstMs = 0;
  #isOver = false;

  constructor() {
    void this.#watch();
  }

  end(): number {
    this.#isOver = true;
    return this.#worstMs;
  }

  async #watch(): Promise<void> {
    while (!this.#isOver) {
      const dueMs = performance.now() + POLL_MS;
      await delay(POLL_MS);
      this.#worstMs = Math.max(this.#worstMs, performance.now() - dueMs);
    }
  }
}

/** Whether a process was stopped, or has ended. */
function isStopped(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return /^[TZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return true;
  }
}

const PENDING = `SELECT 1 AS pending FROM kv_row JOIN kv_slot USING (slot)
  WHERE state = 'active' AND partition = 'branches/@pending' LIMIT 1`;
const POLL_MS = 20;
const REACHED_MS_MAX = 10_000;
