import type { RoundReport } from './rounds.js';

/** What all rounds of a run come to. */
export class Tally {
  #rounds = 0;
  #answers = 0;
  #missed = 0;
  #idle = 0;
  #worstRecoveryMs = 0;
  #worstStallMs = 0;
  readonly #hits = new Map<string, number>();
  readonly wrong: string[] = [];

  add(report: RoundReport): void {
    const { name, isHit, inFlight, answers, recoveryMs = 0, stallMs = 0, wrong } = report;
    this.#answers += answers;
    this.#worstRecoveryMs = Math.max(this.#worstRecoveryMs, recoveryMs);
    this.wrong.push(...wrong.map((each) => `${name}: ${each}`));
    if (!isHit) this.#missed++;
    // With nothing in flight nothing could be lost: it shows less, and is no round.
    else if (inFlight === 0) this.#idle++;
    else {
      this.#rounds++;
      this.#hits.set(name, (this.#hits.get(name) ?? 0) + 1);
      // Without a database nobody can be answered.
      if (name.includes('.') || (name.startsWith('node ') && !name.includes('database')))
        this.#worstStallMs = Math.max(this.#worstStallMs, stallMs);
    }
  }

  /** Rounds that struck while a write was in flight. */
  get count(): number {
    return this.#rounds;
  }

  get hits(): ReadonlyMap<string, number> {
    return this.#hits;
  }

  get said(): string {
    const seconds = (ms: number): string => (ms / 1000).toFixed(1);
    return (
      `${this.#hits.size} kinds of fault, each with writes in flight; ${this.#answers} answers, ` +
      `${this.wrong.length} wrong; ${this.#missed} not reached, ` +
      `${this.#idle} with none in flight; ` +
      `served again after ${seconds(this.#worstRecoveryMs)} s at worst, ` +
      `nobody answered for ${seconds(this.#worstStallMs)} s at most`
    );
  }
}
