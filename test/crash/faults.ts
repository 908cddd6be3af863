import { setTimeout as delay } from 'node:timers/promises';
import { FAILPOINTS, FAILPOINTS_OF, type Failpoint } from '../../src/shared/failpoint.js';
import type { SeededRandom } from '../support/seeded-random.js';
import { type Cluster, inDatabase } from './cluster.js';
import type { Death, Node } from './node.js';
import type { Works } from './works.js';

/** What is done to a round's nodes or to their database. */
export type Fault =
  | { readonly kind: 'failpoint'; readonly at: Failpoint }
  | { readonly kind: 'start'; readonly at: Failpoint }
  | { readonly kind: (typeof NODE_FAULTS)[number] }
  | { readonly kind: (typeof POSTGRES_FAULTS)[number] };

export const NODE_FAULTS = ['node killed', 'node paused', 'node and database killed'] as const;
export const POSTGRES_FAULTS = [
  'back ends ended',
  'back end killed',
  'postmaster killed',
  'immediate stop',
  'fast stop',
  'database paused',
  'writer paused',
] as const;

export const IN_WORK: readonly Failpoint[] = FAILPOINTS.filter(
  (name) => !(FAILPOINTS_OF.restart as readonly Failpoint[]).includes(name),
);
/** Passed by a node that has a Postgres of its own; the others by any. */
export const OWN_STARTS: readonly Failpoint[] = ['start.afterLeftOver', 'start.afterPostgres'];
export const STARTS: readonly Failpoint[] = FAILPOINTS_OF.restart.filter(
  // Of a first start: test/failure/schema-steps.int.spec.ts.
  (name) => !OWN_STARTS.includes(name) && name !== 'start.afterSchemaStep',
);

/** What came of a fault. */
export interface Struck {
  /** Whether it came to what was meant: the place was reached, the process is gone. */
  readonly isHit: boolean;
  /** Writes that the node which was struck had not answered; of the database's faults, of all. */
  readonly inFlight: number;
  readonly pausedMs?: number;
}

const HIT_MS_MAX = 60_000;
const NTH_MAX = 4;
const DELAY_MS_MAX = 40;
const ENDED_MS_MAX = 60_000;
const POLL_MS = 2;
const TERMINATIONS = 5;

/** Does one thing to a round, while its clients work. */
export class Striker {
  constructor(
    private readonly cluster: Cluster,
    private readonly works: Works,
    private readonly random: SeededRandom,
    /** How long something may be stopped for. */
    private readonly pauseMsMax: number,
  ) {}

  #death(at: Failpoint, isAtStart: boolean): Death {
    // Places that every write passes are hit in the middle of the work; rare ones the first time.
    const isOften = /^(?:write|append|block|fold|request)\./.test(at);
    const nth = isAtStart || !isOften ? 1 : 1 + this.random.below(NTH_MAX);
    const delayMs = this.random.below(2) === 0 ? 0 : 1 + this.random.below(DELAY_MS_MAX);
    return { at, nth, delayMs };
  }

  async strike(fault: Fault): Promise<Struck> {
    const [node] = this.cluster.nodes;
    if (!node) throw new Error('there is no node');
    switch (fault.kind) {
      case 'failpoint':
        return this.#dieInWork(node, fault.at);
      case 'start':
        return this.#dieAtStart(node, fault.at);
      case 'node killed':
        return this.#killed(node, () => node.signal('SIGKILL'));
      case 'node paused':
        return this.#paused([node.pid], node);
      case 'node and database killed':
        return this.#killed(node, () => {
          this.#signalDatabase('SIGKILL');
          node.signal('SIGKILL');
        });
      case 'back ends ended':
        return this.#endBackEnds();
      case 'back end killed':
        return this.#killBackEnd();
      case 'postmaster killed':
        return this.#stopDatabase('SIGKILL');
      case 'immediate stop':
        return this.#stopDatabase('SIGQUIT');
      case 'fast stop':
        return this.#stopDatabase('SIGINT');
      case 'database paused':
        return this.#paused([this.cluster.postmaster, ...(await this.#backEnds(''))], undefined);
      case 'writer paused':
        return this.#paused(await this.#backEnds('append'), undefined);
    }
  }

  async #dieInWork(node: Node, at: Failpoint): Promise<Struck> {
    node.arm(this.#death(at, false));
    return this.#hit(node, () => node.unanswered);
  }

  /** Killed first, so that it has something to find; its clients wait, or ask the other node. */
  async #dieAtStart(node: Node, at: Failpoint): Promise<Struck> {
    await node.kill();
    if (at.endsWith('Swap')) await this.#ageViews();
    node.spawn(this.#death(at, true));
    return this.#hit(node, () => this.works.hands.waiting.count);
  }

  async #hit(node: Node, inFlight: () => number): Promise<Struck> {
    // The last look at the place: what it had not answered then, it never did.
    const untilMs = performance.now() + HIT_MS_MAX;
    while (node.isUp && !node.isHit && performance.now() < untilMs) await delay(POLL_MS);
    const count = inFlight();
    const isHit = node.isHit;
    if (isHit) await node.ended(ENDED_MS_MAX);
    else await node.kill();
    return { isHit, inFlight: count };
  }

  async #killed(node: Node, kill: () => void): Promise<Struck> {
    await this.#anyMoment();
    const inFlight = node.unanswered;
    kill();
    await node.ended(ENDED_MS_MAX);
    return { isHit: true, inFlight };
  }

  async #paused(pids: readonly (number | undefined)[], node: Node | undefined): Promise<Struck> {
    await this.#anyMoment();
    const inFlight = node ? node.unanswered : this.works.hands.waiting.count;
    const pausedMs = Math.min(this.pauseMsMax, 1_000 + this.random.below(this.pauseMsMax));
    const stopped = pids.filter((pid) => pid !== undefined);
    for (const pid of stopped) signal(pid, 'SIGSTOP');
    await delay(pausedMs);
    for (const pid of stopped) signal(pid, 'SIGCONT');
    return { isHit: stopped.length > 0, inFlight, pausedMs };
  }

  async #endBackEnds(): Promise<Struck> {
    let ended = 0;
    let inFlight = 0;
    for (let times = 0; times < TERMINATIONS; times++) {
      await this.#anyMoment();
      inFlight = Math.max(inFlight, this.works.hands.waiting.count);
      ended += await inDatabase(this.cluster.connection(), async (client) => {
        const { rowCount } = await client.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE application_name ^@ 'moraine' AND pid <> pg_backend_pid()`,
        );
        return rowCount ?? 0;
      });
    }
    return { isHit: ended > 0, inFlight };
  }

  /** One that is killed takes all the others with it: the postmaster begins anew. */
  async #killBackEnd(): Promise<Struck> {
    const [pid] = await this.#backEnds('append');
    await this.#anyMoment();
    const inFlight = this.works.hands.waiting.count;
    if (pid !== undefined) signal(pid, 'SIGKILL');
    return { isHit: pid !== undefined, inFlight };
  }

  async #stopDatabase(how: NodeJS.Signals): Promise<Struck> {
    await this.#anyMoment();
    const inFlight = this.works.hands.waiting.count;
    const isHit = this.#signalDatabase(how);
    return { isHit, inFlight };
  }

  #signalDatabase(how: NodeJS.Signals): boolean {
    const { postmaster } = this.cluster;
    return postmaster !== undefined && signal(postmaster, how);
  }

  #anyMoment(): Promise<void> {
    return delay(this.random.below(300));
  }

  #backEnds(name: string): Promise<readonly number[]> {
    return inDatabase(this.cluster.connection(), async (client) => {
      const { rows } = await client.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state IS NOT NULL
          AND application_name ^@ $1`,
        [`moraine ${name}`],
      );
      return rows.map(({ pid }) => pid);
    });
  }

  /** As an older program has left them: the next start builds them anew. */
  async #ageViews(): Promise<void> {
    await inDatabase(this.cluster.connection(), (client) =>
      client.query(
        `UPDATE kv_slot SET version = version - 1
          WHERE state = 'active' AND view IN ('branches', 'staging')`,
      ),
    );
  }
}

function signal(pid: number, how: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, how);
  } catch {
    return false;
  }
}
