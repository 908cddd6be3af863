import { EventStoreDBClient } from '@eventstore/db-client';
import type { Channel } from '@grpc/grpc-js';
import { StoreUnavailable } from '../../ports/store-errors.js';

/** A call that did not settle in its time, or whose client was given up meanwhile. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** One client, and what tells those who wait for it that it was given up. */
interface Lent {
  readonly client: EventStoreDBClient;
  readonly lost: AbortController;
}

/**
 * A client of EventStoreDB that is made anew when it stops answering.
 *
 * Nothing that the client promises is waited for without a limit of ours: a call of it may stay
 * pending for ever (README.md, "What the client does").
 */
export class ClientLine {
  readonly #connectionString: string;
  #lent: Lent | undefined;
  #isClosed = false;

  constructor(connectionString: string) {
    this.#connectionString = connectionString;
  }

  /**
   * Runs a call, and gives the client up when it has no answer in time.
   *
   * @param msMax  after so long without `alive` being called it is over
   * @throws NoAnswer  nobody knows what became of it; StoreUnavailable: it was closed before
   */
  async run<Result>(
    msMax: number,
    call: (client: EventStoreDBClient, alive: () => void) => Promise<Result>,
  ): Promise<Result> {
    const lent = this.#lend();
    const { promise: lost, reject } = Promise.withResolvers<never>();
    const giveUp = () => reject(new NoAnswer('the client was given up'));
    const late = setTimeout(() => {
      this.#giveUp(lent);
      reject(new NoAnswer(`no answer within ${msMax} ms`));
    }, msMax);
    lent.lost.signal.addEventListener('abort', giveUp);
    try {
      return await Promise.race([call(lent.client, () => late.refresh()), lost]);
    } finally {
      clearTimeout(late);
      lent.lost.signal.removeEventListener('abort', giveUp);
    }
  }

  /** The client as it is now, and the signal that it was given up: for a subscription. */
  lend(): { readonly client: EventStoreDBClient; readonly lost: AbortSignal } {
    const { client, lost } = this.#lend();
    return { client, lost: lost.signal };
  }

  /** Gives up the client as it is now; the next call gets another. */
  renew(): void {
    if (this.#lent) this.#giveUp(this.#lent);
  }

  close(): void {
    this.#isClosed = true;
    this.renew();
  }

  #lend(): Lent {
    if (this.#isClosed) throw new StoreUnavailable('the log is closed');
    this.#lent ??= { client: newClient(this.#connectionString), lost: new AbortController() };
    return this.#lent;
  }

  #giveUp(lent: Lent): void {
    if (this.#lent === lent) this.#lent = undefined;
    if (lent.lost.signal.aborted) return;
    lent.lost.abort();
    // Neither may be waited for, and what they throw says nothing more.
    void disposed(lent.client).catch(() => undefined);
  }
}

function newClient(connectionString: string): EventStoreDBClient {
  const client = EventStoreDBClient.connectionString(connectionString);
  // Its batch append has no deadline, keeps what is pending of all clients in one map, and throws
  // where nobody catches when an answer is late. The plain append has none of this, and the client
  // takes it when the server does not support the other.
  return Object.assign(client, { supports: async () => false });
}

/** `dispose` ends streams and leaves the connection open. */
async function disposed(client: EventStoreDBClient): Promise<void> {
  await Promise.race([client.dispose(), new Promise((resolve) => setTimeout(resolve, 100))]);
  const channel = await (Reflect.get(client, 'getChannel') as () => Promise<Channel>)();
  channel.close();
}
