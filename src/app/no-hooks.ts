import { HookRunner } from '../ports/hook-runner.js';

/** There are none. */
export class NoHooks extends HookRunner {
  readonly limitMs = 60_000;

  setFor(): undefined {
    return undefined;
  }

  /** Of hooks that another program knows, this one knows no answer. */
  async run(): Promise<boolean> {
    return false;
  }
}
