import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SeededRandom } from '../support/seeded-random.js';
import { Book } from './book.js';
import { type Cluster, ownCluster, sharedCluster } from './cluster.js';
import { type Fault, Striker } from './faults.js';
import { judge } from './judge.js';
import { Works } from './works.js';

/** Answers before a fault, and as many behind it. */
const ANSWERS_MIN = 12;
const WARM_MS_MAX = 20_000;
const ENDED_MS_MAX = 60_000;
/** Faults behind which there is no database. */
const DOWN: ReadonlySet<string> = new Set([
  'node and database killed',
  'postmaster killed',
  'immediate stop',
  'fast stop',
]);
export const RECOVERY_MS_MAX = 10_000;

export interface RoundReport {
  readonly name: string;
  readonly isHit: boolean;
  readonly inFlight: number;
  /** Answers that clients were given, all of them on the disk before they counted. */
  readonly answers: number;
  /** The longest that a start after the fault took until it served; undefined: none was needed. */
  readonly recoveryMs: number | undefined;
  /** The longest that no client was answered, while the other node was there to answer. */
  readonly stallMs: number | undefined;
  /** What the round's steps took, in milliseconds. */
  readonly times: Readonly<Record<string, number>>;
  readonly wrong: readonly string[];
}

export const nameOf = (fault: Fault): string => ('at' in fault ? fault.at : fault.kind);

/** Rounds on one cluster, each in a repository of its own; what is judged is the whole of it. */
export class Rounds {
  #count = 0;

  private constructor(
    readonly cluster: Cluster,
    private readonly random: SeededRandom,
    private readonly pauseMsMax: number,
  ) {}

  static async open(
    kind: 'own' | 'one' | 'two',
    random: SeededRandom,
    pauseMsMax: number,
  ): Promise<Rounds> {
    const cluster = await (kind === 'own' ? ownCluster() : sharedCluster(kind === 'two' ? 2 : 1));
    return new Rounds(cluster, random, pauseMsMax);
  }

  close(): Promise<void> {
    return this.cluster.close();
  }

  async round(fault: Fault): Promise<RoundReport> {
    const { cluster, random } = this;
    const { nodes, folder, importFolder } = cluster;
    const repository = `round-${++this.#count}`;
    const book = new Book(join(folder, `${repository}.book`));
    const around = { nodes, faults: [] };
    mkdirSync(join(importFolder, repository), { recursive: true });
    const works = new Works({ repository, around, book, random, importFolder });
    const striker = new Striker(cluster, works, random, this.pauseMsMax);
    const times: Record<string, number> = {};
    let since = performance.now();
    const took = (step: string): void => {
      times[step] = Math.round(performance.now() - since);
      since = performance.now();
    };
    await this.#startAll();
    took('start');
    await works.prepare();
    works.start();
    await this.#warm(works);
    took('warm');
    const stall = watchStall(book);
    const struck = await striker.strike(fault);
    took('strike');
    const recoveryMs = await this.#recover(fault);
    await this.#warm(works);
    const stallMs = stall();
    took('recover');
    await works.stop();
    took('stop');
    const wrong = [...around.faults, ...(await this.#judge(repository, book.path))];
    took('judge');
    book.close();
    const slow = recoveryMs !== undefined && recoveryMs > RECOVERY_MS_MAX;
    return {
      name: nameOf(fault),
      isHit: struck.isHit,
      inFlight: struck.inFlight,
      answers: book.count,
      recoveryMs,
      stallMs: nodes.length > 1 ? stallMs : undefined,
      times,
      wrong: slow ? [...wrong, `serves again after ${Math.round(recoveryMs)} ms`] : wrong,
    };
  }

  /** Those that run go on. */
  async #startAll(): Promise<void> {
    for (const node of this.cluster.nodes) if (!node.isUp) await node.start();
  }

  async #warm(works: Works): Promise<void> {
    const wanted = works.hands.book.count + ANSWERS_MIN;
    const untilMs = performance.now() + WARM_MS_MAX;
    while (works.hands.book.count < wanted && performance.now() < untilMs) await delay(5);
  }

  /** Starts what has ended, the database first. @returns the longest start of a node */
  async #recover(fault: Fault): Promise<number | undefined> {
    const { cluster } = this;
    if (DOWN.has(fault.kind)) await this.#startDatabase();
    let worst: number | undefined;
    for (const node of cluster.nodes) {
      if (node.isUp) continue;
      worst = Math.max(worst ?? 0, await node.start());
    }
    return worst;
  }

  /** A node that has one of its own ends with it, and starts it. */
  async #startDatabase(): Promise<void> {
    const { cluster } = this;
    const untilMs = performance.now() + ENDED_MS_MAX;
    const isThere = (): boolean => cluster.isOwn && cluster.nodes.some((node) => node.isUp);
    while ((isAlive(cluster.postmaster) || isThere()) && performance.now() < untilMs)
      await delay(5);
    await cluster.startPostgres();
  }

  async #judge(repository: string, book: string): Promise<readonly string[]> {
    const last = this.cluster.nodes.at(-1);
    if (!last) return ['there is no node'];
    return judge(this.cluster, { node: last, repository, book });
  }
}

/** Returns how long, at the longest, nobody was answered since. */
function watchStall(book: Book): () => number {
  let last = performance.now();
  let worst = 0;
  const timer = setInterval(() => {
    last = Math.max(last, book.lastAtMs);
    worst = Math.max(worst, performance.now() - last);
  }, 5);
  return () => {
    clearInterval(timer);
    return worst;
  };
}

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}
