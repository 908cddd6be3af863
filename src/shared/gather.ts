interface Asked<Request, Answer> {
  readonly request: Request;
  readonly weight: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export interface GatherOptions<Request, Answer> {
  /** Answers several requests at once, in their order. When it rejects, all of them are. */
  readonly send: (requests: readonly Request[]) => Promise<readonly Answer[]>;
  /** How many sends may be under way at one time: one, and more when those before are late. */
  readonly sendsMax: number;
  /** Calls back when this turn of the loop has looked at all that came in. */
  readonly afterTurn: (run: () => void) => void;
  /** A clock that only goes forward. */
  readonly elapsedMs: () => number;
  /** What a request counts against `weightMax`; one that is heavier goes alone. */
  readonly weightOf: (request: Request) => number;
  readonly weightMax: number;
  readonly waitingMax: number;
  /** What is said when `waitingMax` requests wait. */
  readonly onFull: () => Error;
}

/** After so long a send is late: who asks then goes beside it, and waits for it no longer. */
const LATE_MS = 20;

/**
 * Answers together what is asked together: whatever waits when a send comes back goes with the
 * next one. There is no timer, so a request that is alone goes at once.
 *
 * One send at a time makes each of them carry the most, and a send's fixed cost is several times
 * that of one more request in it.
 */
export class Gather<Request, Answer> {
  readonly #options: GatherOptions<Request, Answer>;
  readonly #waiting: Asked<Request, Answer>[] = [];
  #sends = 0;
  /** When the newest send began. */
  #sentAtMs = 0;

  constructor(options: GatherOptions<Request, Answer>) {
    this.#options = options;
  }

  ask(request: Request): Promise<Answer> {
    const { waitingMax, onFull, weightOf } = this.#options;
    if (this.#waiting.length >= waitingMax) return Promise.reject(onFull());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, weight: weightOf(request), resolve, reject });
      if (!this.#maySend()) return;
      this.#sends++;
      this.#sentAtMs = this.#options.elapsedMs();
      // Not at once: what came in with it goes with it.
      this.#options.afterTurn(() => void this.#run());
    });
  }

  #maySend(): boolean {
    const { sendsMax, elapsedMs } = this.#options;
    if (this.#sends === 0) return true;
    return this.#sends < sendsMax && elapsedMs() - this.#sentAtMs > LATE_MS;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const asked = this.#take();
      this.#sentAtMs = this.#options.elapsedMs();
      try {
        const answers = await this.#options.send(asked.map(({ request }) => request));
        for (const [index, { resolve }] of asked.entries()) resolve(answers[index] as Answer);
      } catch (error) {
        for (const { reject } of asked) reject(error);
      }
    }
    this.#sends--;
  }

  #take(): readonly Asked<Request, Answer>[] {
    let weight = 0;
    let count = 0;
    for (const asked of this.#waiting) {
      weight += asked.weight;
      if (count > 0 && weight > this.#options.weightMax) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }
}
