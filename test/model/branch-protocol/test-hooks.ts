import { HookRunner, type HookMoment, type HookRun } from '../../../src/ports/hook-runner.js';
import { must } from './violation.js';

/** What a hook does when it is called; it may take as long as it likes. */
export type Hook = (run: HookRun) => Promise<boolean>;

/** Hooks of a node, which count over all nodes how often each run began. */
export class TestHooks extends HookRunner {
  constructor(
    /** By run: the nodes that have begun it. Of all nodes. */
    readonly begun: Map<string, string[]>,
    private readonly node: string,
    private readonly options: {
      readonly limitMs: number;
      readonly hook: Hook;
      readonly operations?: readonly HookMoment['operation'][];
    },
  ) {
    super();
  }

  get limitMs(): number {
    return this.options.limitMs;
  }

  setFor({ operation }: HookMoment): Promise<string> | undefined {
    const { operations } = this.options;
    const isAsked = operations?.includes(operation) ?? true;
    return isAsked ? Promise.resolve('the only set') : undefined;
  }

  run(run: HookRun): Promise<boolean> {
    const nodes = [...(this.begun.get(run.runId) ?? []), this.node];
    this.begun.set(run.runId, nodes);
    must(nodes.length === 1, `H10: the hooks of ${run.runId} are run by ${nodes.join(' and ')}`);
    must(run.set === 'the only set', `${run.runId} names other hooks: ${run.set}`);
    return this.options.hook(run);
  }
}
