import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientConfig } from 'pg';
import { KEY, Node } from '../rolling/node.js';
import { SeededRandom } from '../support/seeded-random.js';
import { CountingConsumer } from './counting-consumer.js';
import { type AskedFeed, expectedOf, loggedEvents, wrongWith } from './expected-feed.js';
import type { FeedData } from './feed-client.js';
import { PacedWriters } from './paced-writers.js';

export interface FeedSoakOptions {
  readonly connection: ClientConfig;
  readonly databaseUrl: string;
  readonly seed: number;
  readonly consumerCount: number;
  readonly writeMs: number;
  /** Kills the database, and has it up again; it takes the place of every fifth kill of a node. */
  readonly crashDatabase: () => Promise<void>;
  /** SIGKILLs, of nodes in turn; with each of them some consumers' connections are cut. */
  readonly killCount: number;
  /** Requests a second. */
  readonly rate: number;
}

export interface FeedSoakReport {
  readonly events: number;
  readonly eventsPerSecond: number;
  readonly deliveries: number;
  readonly deliveriesPerSecond: number;
  readonly lagMsP50: number;
  readonly lagMsP99: number;
  readonly nodeRssMiBMax: number;
  /** Of all nodes; and of this process, which is the consumers and the writers. */
  readonly nodeCpuSeconds: number;
  readonly clientCpuSeconds: number;
  readonly connections: number;
  readonly kills: number;
  readonly crashes: number;
  readonly refusals: readonly string[];
  readonly wrong: readonly string[];
}

const REPOSITORIES = ['lake-0', 'lake-1', 'lake-2', 'lake-3', 'lake-4'];
const BRANCHES = ['main', 'work'];
/** One in so many kills is of the database. */
const CRASH_EVERY = 5;
/** Consumers that look into every event, and say how late it came. */
const LOOKERS = 10;
const CATCH_UP_MS_MAX = 120_000;
const authorization = `Basic ${Buffer.from(`${KEY.id}:${KEY.secret}`).toString('base64')}`;

interface Asker extends AskedFeed {
  readonly query: string;
  readonly consumer: CountingConsumer;
}

/**
 * Lets many consumers follow two nodes on one database while writers write, nodes are killed and
 * connections are cut; at the end each consumer's list must be the log's, as SQL reads it.
 */
export async function feedSoak(options: FeedSoakOptions): Promise<FeedSoakReport> {
  const folder = await mkdtemp(join(tmpdir(), 'moraine-feed-'));
  const environment = {
    MORAINE_DATABASE_URL: options.databaseUrl,
    MORAINE_DATA: folder,
    MORAINE_SECRET_KEY: 'one secret key for all nodes',
    MORAINE_STREAMS_LISTEN: 'off',
  };
  const nodes = [await Node.at(environment), await Node.at(environment)];
  try {
    for (const node of nodes) await node.start();
    return await new FeedSoak(options, nodes).run();
  } finally {
    await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

class FeedSoak {
  readonly #random: SeededRandom;
  readonly #askers: Asker[] = [];
  readonly #lagsMs: number[] = [];
  readonly #looked = new Map<number, FeedData>();
  readonly #down = new Set<Node>();
  readonly #wrong: string[] = [];
  #isWriting = true;
  #turn = 0;
  #rssMiBMax = 0;
  #crashCount = 0;
  /** By process: what was seen of it last. */
  readonly #cpuSeconds = new Map<number, number>();

  constructor(
    private readonly options: FeedSoakOptions,
    private readonly nodes: readonly Node[],
  ) {
    this.#random = new SeededRandom(options.seed);
  }

  async run(): Promise<FeedSoakReport> {
    const { consumerCount, writeMs, rate } = this.options;
    const uids = await this.#prepare();
    const unit = () => this.#unit();
    // One in ten comes later, and reads from the beginning what the others have had.
    for (let at = 0; at < consumerCount; at++) this.#add(at, uids);
    const late = this.#askers.filter((_, at) => at % 10 === 9);
    for (const { consumer } of this.#askers.filter((one) => !late.includes(one))) consumer.start();
    const url = () => this.#nextUrl();
    const places = { repositories: REPOSITORIES, branches: BRANCHES };
    const writers = new PacedWriters({ url, authorization, rate, random: unit, ...places });
    const beganAtMs = performance.now();
    const before = (await loggedEvents(this.options.connection)).length;
    const writing = writers.run(() => performance.now() - beganAtMs > writeMs);
    const watching = this.#watch();
    const killing = this.#kill(beganAtMs);
    await delay(writeMs / 2);
    for (const { consumer } of late) consumer.start();
    await writing;
    const wroteMs = performance.now() - beganAtMs;
    await killing;
    const logged = await loggedEvents(this.options.connection);
    await this.#settle(logged);
    this.#isWriting = false;
    await watching;
    await Promise.all(this.#askers.map(({ consumer }) => consumer.stop()));
    this.#judge(logged);
    return this.#report({ events: logged.length - before, wroteMs });
  }

  /** @returns the uids of the repositories */
  async #prepare(): Promise<readonly string[]> {
    const uids: string[] = [];
    for (const name of REPOSITORIES) {
      await this.#post('/repositories', { name, storage_namespace: `local://${name}` });
      for (const branch of BRANCHES.slice(1)) {
        await this.#post(`/repositories/${name}/branches`, { name: branch, source: 'main' });
      }
    }
    for (const { type, uid } of await loggedEvents(this.options.connection)) {
      if (type === 'RepositoryCreated' && uid !== undefined) uids.push(uid);
    }
    return uids;
  }

  async #post(path: string, body: object): Promise<void> {
    const response = await fetch(`${this.nodes[0]?.url}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }

  /** Half of all ask for everything, the others for a repository, a branch, types, or a mix. */
  #add(at: number, uids: readonly string[]): void {
    const which = Math.floor(at / 2) % REPOSITORIES.length;
    const uid = uids[which] ?? '';
    const kinds: readonly (readonly [string, AskedFeed])[] = [
      [`&repository=${REPOSITORIES[which]}`, { uid }],
      [`&repository_uid=${uid}&branch=work`, { uid, branch: 'work' }],
      ['&type=Committed,IntentRequested', { types: ['Committed', 'IntentRequested'] }],
      ['&branch=main&type=ObjectStaged', { branch: 'main', types: ['ObjectStaged'] }],
    ];
    const [more, asked] = at % 2 === 0 ? ['', {}] : (kinds[Math.floor(at / 2) % 4] ?? ['', {}]);
    const query = `from=beginning${more}`;
    const consumer = new CountingConsumer({
      url: () => `${this.#nextUrl()}/api/v1/moraine/events?${query}`,
      authorization,
      random: () => this.#unit(),
      ...(at % 2 === 0 && at < 2 * LOOKERS && { onData: (json: string) => this.#look(json) }),
    });
    this.#askers.push({ ...asked, query, consumer });
  }

  #look(json: string): void {
    const event = JSON.parse(json) as FeedData;
    this.#lagsMs.push(Date.now() - event.time_ms);
    this.#looked.set(event.position, event);
  }

  async #kill(beganAtMs: number): Promise<void> {
    const { killCount, writeMs, crashDatabase } = this.options;
    for (let kill = 0; kill < killCount; kill++) {
      const atMs = ((kill + 0.5) / killCount) * writeMs;
      await delay(Math.max(0, beganAtMs + atMs - performance.now()));
      if (kill % CRASH_EVERY === CRASH_EVERY - 1) {
        await crashDatabase();
        this.#crashCount++;
        continue;
      }
      const node = this.nodes[kill % this.nodes.length];
      if (node === undefined) return;
      this.#down.add(node);
      await node.stop('SIGKILL');
      for (const { consumer } of this.#askers) if (this.#unit() < 0.05) consumer.cut();
      await node.start();
      this.#down.delete(node);
    }
  }

  async #watch(): Promise<void> {
    while (this.#isWriting) {
      for (const { pid } of this.nodes) {
        this.#rssMiBMax = Math.max(this.#rssMiBMax, rssMiB(pid));
        this.#cpuSeconds.set(pid, Math.max(this.#cpuSeconds.get(pid) ?? 0, cpuSeconds(pid)));
      }
      await delay(500);
    }
  }

  /** Waits until everybody has what there is, or for long enough. */
  async #settle(logged: Parameters<typeof expectedOf>[0]): Promise<void> {
    const untilMs = performance.now() + CATCH_UP_MS_MAX;
    const lengths = this.#askers.map((asker) => expectedOf(logged, asker).length);
    const isDone = () =>
      this.#askers.every(({ consumer }, at) => consumer.told.length >= (lengths[at] ?? 0));
    while (!isDone() && performance.now() < untilMs) await delay(100);
    // What would come twice comes now.
    await delay(1_000);
  }

  #judge(logged: Parameters<typeof expectedOf>[0]): void {
    for (const [at, { consumer, query, ...asked }] of this.#askers.entries()) {
      const wrong = wrongWith(consumer.told, expectedOf(logged, asked));
      if (wrong !== undefined) this.#wrong.push(`consumer ${at} (${query}): ${wrong}`);
    }
    for (const { position, stream, revision, id, type } of logged) {
      const told = this.#looked.get(position);
      const isSame =
        told?.stream === stream &&
        told.revision === revision &&
        told.event_id === id &&
        told.type === type;
      if (!isSame) this.#wrong.push(`event ${position} was told as another`);
    }
  }

  #report({ events, wroteMs }: { events: number; wroteMs: number }): FeedSoakReport {
    const deliveries = this.#sum(({ consumer }) => consumer.told.length);
    const lags = this.#lagsMs.toSorted((one, other) => one - other);
    const { user, system } = process.cpuUsage();
    const refusals = this.#askers.flatMap(({ consumer }) => consumer.refusals);
    return {
      events,
      eventsPerSecond: Math.round((events / wroteMs) * 1000),
      deliveries,
      deliveriesPerSecond: Math.round((deliveries / wroteMs) * 1000),
      lagMsP50: lags[Math.floor(lags.length * 0.5)] ?? 0,
      lagMsP99: lags[Math.floor(lags.length * 0.99)] ?? 0,
      nodeRssMiBMax: Math.round(this.#rssMiBMax),
      nodeCpuSeconds: Math.round([...this.#cpuSeconds.values()].reduce((sum, one) => sum + one, 0)),
      clientCpuSeconds: Math.round((user + system) / 1e6),
      connections: this.#sum(({ consumer }) => consumer.connectionCount),
      kills: this.options.killCount - this.#crashCount,
      crashes: this.#crashCount,
      refusals: [...new Set(refusals)].map((status) => String(status)),
      wrong: this.#wrong,
    };
  }

  #sum(number: (asker: Asker) => number): number {
    return this.#askers.reduce((sum, asker) => sum + number(asker), 0);
  }

  #nextUrl(): string {
    const up = this.nodes.filter((node) => !this.#down.has(node));
    return (up[this.#turn++ % up.length] ?? this.nodes[0])?.url ?? '';
  }

  #unit(): number {
    return this.#random.below(1_000_000) / 1_000_000;
  }
}

/** Hundredths of a second are what Linux counts in. */
function cpuSeconds(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

function rssMiB(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
