/** How far a piece of work is, in one line that is written again and again. */
export class Progress {
  readonly #startedMs = performance.now();
  #shownMs = Number.NEGATIVE_INFINITY;
  #before: number | undefined;

  /**
   * @param what  the work, as `exported`
   * @param write  to where people look; not where results go
   * @param isTerminal  a line can be written over; else there is a new one now and then
   */
  constructor(
    private readonly what: string,
    private readonly write: (text: string) => void,
    private readonly isTerminal: boolean,
  ) {}

  /**
   * @param count  things done, those of an earlier run included
   * @param part  of all the work, 0 to 1
   */
  show(count: number, part: number): void {
    const nowMs = performance.now();
    this.#before ??= count;
    const everyMs = this.isTerminal ? TERMINAL_EVERY_MS : LINE_EVERY_MS;
    if (nowMs - this.#shownMs < everyMs && part < 1) return;
    this.#shownMs = nowMs;
    const seconds = (nowMs - this.#startedMs) / 1000;
    // The rate is that of this run.
    const rate = seconds > 0 ? (count - this.#before) / seconds : 0;
    const leftCount = part > 0 ? count / part - count : 0;
    const left = rate > 0 && leftCount >= 1 ? `, ${spanOf(leftCount / rate)} left` : '';
    const text = `${barOf(part)} ${count} events ${this.what}, ${Math.round(rate)}/s${left}`;
    this.write(this.isTerminal ? `\r${text.padEnd(LINE_WIDTH)}` : `${text}\n`);
  }

  /** Leaves the line. */
  end(): void {
    if (this.isTerminal && this.#shownMs > 0) this.write('\n');
  }
}

function barOf(part: number): string {
  const full = Math.floor(Math.max(0, Math.min(1, part)) * BAR_WIDTH);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}] ${Math.floor(part * 100)} %`;
}

function spanOf(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return `${Math.ceil(seconds / 60)} min`;
}

const BAR_WIDTH = 24;
const LINE_WIDTH = 90;
const TERMINAL_EVERY_MS = 200;
const LINE_EVERY_MS = 5_000;
