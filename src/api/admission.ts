/** How many are let in at once, and how many may wait for it. */
export interface AdmissionLimits {
  readonly requestsMax: number;
  readonly uploadsMax: number;
  readonly waitingMax: number;
  readonly waitMsMax: number;
}

export type AdmissionKind = 'request' | 'upload';

/** Gives a place back; a second call does nothing. */
export type Leave = () => void;

/** `full`: too many wait already. `late`: it waited for too long. */
export type Refused = 'full' | 'late';

interface Waiting {
  readonly kind: AdmissionKind;
  readonly untilMs: number;
  readonly answer: (answer: Leave | Refused) => void;
  isGone: boolean;
}

/**
 * Lets requests and uploads in, so many of each at once; the others wait in the order they came in,
 * for a bounded time, in bounded number. What cannot be taken is told so at once, while it costs
 * nothing: a server that takes everything answers nobody in time.
 */
export class Admission {
  readonly #inside: Record<AdmissionKind, number> = { request: 0, upload: 0 };
  readonly #queues: Record<AdmissionKind, Waiting[]> = { request: [], upload: [] };
  #waitingCount = 0;

  /** @param elapsedMs  a clock that only goes forward */
  constructor(
    private readonly limits: AdmissionLimits,
    private readonly elapsedMs: () => number,
  ) {}

  /** How many are inside, and how many wait. */
  get counts(): Readonly<Record<AdmissionKind | 'waiting', number>> {
    return { ...this.#inside, waiting: this.#waitingCount };
  }

  /** Whether one who came now would be told `full`. */
  isFull(kind: AdmissionKind): boolean {
    return this.#waitingCount >= this.limits.waitingMax && !this.#isFree(kind);
  }

  /**
   * Asks for a place.
   *
   * @param answer  called once: at once, or when a place is free, or when the wait was too long
   * @returns to be called by one who does not want the place any more; undefined: it has its answer
   */
  enter(kind: AdmissionKind, answer: (answer: Leave | Refused) => void): (() => void) | undefined {
    if (this.#isFree(kind)) {
      answer(this.#take(kind));
      return undefined;
    }
    if (this.isFull(kind)) {
      answer('full');
      return undefined;
    }
    const untilMs = this.elapsedMs() + this.limits.waitMsMax;
    const waiting: Waiting = { kind, untilMs, answer, isGone: false };
    this.#queues[kind].push(waiting);
    this.#waitingCount++;
    return () => this.#forget(waiting);
  }

  /** Answers those who have waited too long; to be called now and then. */
  expire(): void {
    const nowMs = this.elapsedMs();
    for (const queue of Object.values(this.#queues)) {
      // All wait equally long, so the first is the first to be late.
      const fresh = queue.findIndex(({ untilMs, isGone }) => !isGone && untilMs > nowMs);
      for (const late of queue.splice(0, fresh < 0 ? queue.length : fresh)) {
        if (late.isGone) continue;
        this.#forget(late);
        late.answer('late');
      }
    }
  }

  #isFree(kind: AdmissionKind): boolean {
    return this.#inside[kind] < this.limits[kind === 'upload' ? 'uploadsMax' : 'requestsMax'];
  }

  #take(kind: AdmissionKind): Leave {
    this.#inside[kind]++;
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      this.#inside[kind]--;
      this.#next(kind);
    };
  }

  #next(kind: AdmissionKind): void {
    const queue = this.#queues[kind];
    while (queue.length > 0 && this.#isFree(kind)) {
      const next = queue.shift();
      if (next === undefined || next.isGone) continue;
      this.#forget(next);
      next.answer(this.#take(kind));
    }
  }

  #forget(waiting: Waiting): void {
    if (waiting.isGone) return;
    waiting.isGone = true;
    this.#waitingCount--;
  }
}
