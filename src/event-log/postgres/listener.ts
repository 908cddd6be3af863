import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Wake } from '../wake.js';
import { hangUp, type Connect } from './connect.js';
import { pauseMs } from '../pause.js';

/** Hears from the database that some process has appended. What it misses, a poll finds. */
export class Listener {
  readonly #connect: Connect;
  readonly #wake: Wake;
  readonly #closing = new AbortController();
  #running: Promise<void> | undefined;
  #client: Client | undefined;

  constructor(connect: Connect, wake: Wake) {
    this.#connect = connect;
    this.#wake = wake;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#client) await hangUp(this.#client);
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let attempt = 0; !this.#closing.signal.aborted; attempt++) {
      try {
        const client = await this.#connect('listen');
        this.#client = client;
        const isEnded = new Promise((resolve) => client.once('end', resolve));
        client.on('notification', () => this.#wake.all());
        await client.query('LISTEN moraine_log');
        attempt = 0;
        // Whatever came while nobody listened.
        this.#wake.all();
        if (this.#closing.signal.aborted) await hangUp(client);
        await isEnded;
      } catch {
        // Lost or refused: the poll goes on meanwhile, and this is tried again.
      }
      const { signal } = this.#closing;
      await sleep(pauseMs(attempt), undefined, { signal }).catch(() => undefined);
    }
  }
}
