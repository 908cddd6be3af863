import type { ExitCode } from '../cli/exit-code.js';

/**
 * A terminal's Ctrl-C reaches npm and us, and npm passes it on: what comes within this time is the
 * same wish, not a second one.
 */
const SAME_WISH_MS = 1_000;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Why and how the process ends: the first reason counts. */
export class Ending {
  readonly #reason = Promise.withResolvers<ExitCode>();
  #beganAtMs: number | undefined;

  /** @param onSecond  called when somebody asks again, and does not want to wait any longer */
  constructor(private readonly onSecond: () => void) {}

  /** Resolves with the code to exit with. */
  get reason(): Promise<ExitCode> {
    return this.#reason.promise;
  }

  get isBegun(): boolean {
    return this.#beganAtMs !== undefined;
  }

  begin(code: ExitCode): void {
    this.#beganAtMs ??= performance.now();
    this.#reason.resolve(code);
  }

  /** A signal asks for a clean end. @returns a function that stops listening for signals */
  listen(code: ExitCode): () => void {
    const onSignal = (): void => {
      const sinceMs = performance.now() - (this.#beganAtMs ?? Infinity);
      if (sinceMs > SAME_WISH_MS) this.onSecond();
      else this.begin(code);
    };
    for (const name of SIGNALS) process.on(name, onSignal);
    return () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    };
  }
}
