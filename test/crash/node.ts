import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Failpoint } from '../../src/shared/failpoint.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Far more than a start takes: a machine may have a lot else to do. */
const START_MS_MAX = 400_000;
const POLL_MS = 10;
const SAID_CHARACTERS_MAX = 4_000;

export const KEY = { id: 'AKIACRASH', secret: 'a secret for crashes' };

/** Where a node dies. */
export interface Death {
  readonly at: Failpoint;
  /** Which time that the place is reached, from 1. */
  readonly nth: number;
  /** How long all else goes on before it does. */
  readonly delayMs: number;
}

/** A server of its own process, on an address that stays the same over its restarts. */
export class Node {
  #child: ChildProcess | undefined;
  #said = '';
  #starts = 0;
  #hit = '';
  /** What it said last when it was asked whether it is ready. */
  #readiness = '';
  /** Requests that change something, sent to it and not answered. */
  unanswered = 0;

  private constructor(
    readonly name: string,
    readonly port: number,
    private readonly folder: string,
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  static async at(
    name: string,
    folder: string,
    environment: Readonly<Record<string, string>>,
  ): Promise<Node> {
    return new Node(name, await freePort(), folder, environment);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.isUp ? this.#child?.pid : undefined;
  }

  get isUp(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** The end of what it has written. */
  get said(): string {
    return this.#said;
  }

  /** Whether it has reached the place where this start of it was to die. */
  get isHit(): boolean {
    return existsSync(this.#hit);
  }

  /** Starts the process; `untilReady` waits for it. @param death  of this start */
  spawn(death?: Death): void {
    this.#said = '';
    this.#hit = join(this.folder, `hit-${this.name}-${++this.#starts}`);
    rmSync(this.#order, { force: true });
    if (death) this.#write({ ...death, isAtStart: true });
    const child = spawn(process.execPath, ['test/crash/armed-node.js', 'serve'], {
      cwd: root,
      env: {
        PATH: process.env['PATH'],
        ...(process.env['CI_RUN_MARK'] && { CI_RUN_MARK: process.env['CI_RUN_MARK'] }),
        MORAINE_LISTEN: `127.0.0.1:${this.port}`,
        MORAINE_ADMIN_ACCESS_KEY_ID: KEY.id,
        MORAINE_ADMIN_SECRET_ACCESS_KEY: KEY.secret,
        MORAINE_LOG_LEVEL: 'warn',
        MORAINE_STREAMS_LISTEN: 'off',
        ...this.environment,
        CRASH_ORDER: this.#order,
        CRASH_HIT: this.#hit,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr?.on('data', (chunk) => {
      this.#said = (this.#said + String(chunk)).slice(-SAID_CHARACTERS_MAX);
    });
    this.#child = child;
  }

  /**
   * @returns the milliseconds until it served, less those that it stood in line for a processor;
   *   undefined: it ended before
   */
  async untilReady(): Promise<number | undefined> {
    const startedAtMs = performance.now();
    while (!(await this.isReady())) {
      if (!this.isUp) return undefined;
      if (performance.now() - startedAtMs > START_MS_MAX) {
        throw new Error(`${this.name} is not ready: ${this.#readiness} ${this.said}`);
      }
      await delay(POLL_MS);
    }
    return Math.max(0, performance.now() - startedAtMs - this.#queuedMs());
  }

  /** How long its first thread could have run, and others did: a busy machine is not its fault. */
  #queuedMs(): number {
    try {
      const [, waited = '0'] = readFileSync(`/proc/${this.pid}/schedstat`, 'utf8').split(' ');
      return Number(waited) / 1e6;
    } catch {
      return 0;
    }
  }

  /** @returns what `untilReady` does. @throws Error it does not serve */
  async start(): Promise<number> {
    this.spawn();
    const ms = await this.untilReady();
    if (ms === undefined) throw new Error(`${this.name} ended: ${this.said}`);
    return ms;
  }

  async isReady(): Promise<boolean> {
    try {
      const response = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2_000) });
      this.#readiness = await response.text();
      return response.ok;
    } catch (error) {
      this.#readiness = String(error);
      return false;
    }
  }

  /** From here on it counts how often it comes by the place where it is to die. */
  arm(death: Death): void {
    this.#write({ ...death, isAtStart: false });
    this.#child?.kill('SIGUSR2');
  }

  get #order(): string {
    return join(this.folder, `order-${this.name}`);
  }

  #write(order: Death & { readonly isAtStart: boolean }): void {
    writeFileSync(this.#order, JSON.stringify(order));
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Resolves when it has ended; false when it does not within so long. */
  async ended(msMax: number): Promise<boolean> {
    const child = this.#child;
    if (!child || !this.isUp) return true;
    const signal = AbortSignal.timeout(msMax);
    return once(child, 'exit', { signal }).then(
      () => true,
      () => !this.isUp,
    );
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.signal(signal);
    if (!(await this.ended(START_MS_MAX))) this.signal('SIGKILL');
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
