import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const START_MS_MAX = 60_000;
const POLL_MS = 25;

export const KEY = { id: 'AKIAROLLING', secret: 'a secret for rolling restarts' };

/** A server of its own process, on an address that stays the same over its restarts. */
export class Node {
  #child: ChildProcess | undefined;
  #said = '';

  private constructor(
    readonly port: number,
    private readonly environment: Record<string, string>,
  ) {}

  static async at(environment: Record<string, string>): Promise<Node> {
    return new Node(await freePort(), environment);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** The end of what it has written on stderr. */
  get said(): string {
    return this.#said.slice(-2_000);
  }

  /** Resolves when it says that it is ready. */
  async start(): Promise<void> {
    this.#child = spawn(process.execPath, ['bin/moraine.js', 'serve'], {
      cwd: root,
      env: {
        PATH: process.env['PATH'],
        MORAINE_LISTEN: `127.0.0.1:${this.port}`,
        MORAINE_ADMIN_ACCESS_KEY_ID: KEY.id,
        MORAINE_ADMIN_SECRET_ACCESS_KEY: KEY.secret,
        MORAINE_LOG_LEVEL: 'warn',
        ...this.environment,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr?.on('data', (chunk) => (this.#said += String(chunk)));
    const untilMs = performance.now() + START_MS_MAX;
    while (!(await this.isReady())) {
      if (performance.now() > untilMs) throw new Error(`it does not start: ${this.said}`);
      if (this.#child.exitCode !== null) throw new Error(`it ended: ${this.said}`);
      await delay(POLL_MS);
    }
  }

  /** What a load balancer asks. */
  async isReady(): Promise<boolean> {
    try {
      const response = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(1_000) });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }

  /** Holds it up, with all its connections open, until {@link resume}. */
  pause(): void {
    this.signal('SIGSTOP');
  }

  resume(): void {
    this.signal('SIGCONT');
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** @returns the code it exits with */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<unknown> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return child?.exitCode;
    const ended = once(child, 'exit');
    child.kill(signal);
    const [code, how] = (await ended) as [unknown, unknown];
    return code ?? how;
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
