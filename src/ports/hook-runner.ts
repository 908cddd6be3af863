import type { IntentRequest } from '../domain/branch/branch.events.js';
import type { Wish } from '../domain/branch/branch.wishes.js';
import type { BranchId, CommitId, IntentId } from '../domain/model.js';
import type { RepositoryRecord } from '../domain/repository/repository.events.js';

/** What is about to be done to a branch. */
export interface HookMoment {
  readonly repository: RepositoryRecord;
  readonly branch: BranchId;
  readonly operation: Wish['kind'] | 'delete';
}

export interface HookRun extends HookMoment {
  /** Names the run, so that whoever is called can tell it from another one. */
  readonly runId: IntentId;
  /** The hooks, as {@link HookRunner.setFor} named them when the operation was asked for. */
  readonly set: string;
  /** What was asked for; undefined: that the branch be deleted. */
  readonly request: IntentRequest | undefined;
  /** Where the branch stands. */
  readonly head: CommitId;
  /** Aborts when the time is over, which counts from the claim; nobody hears the answer then. */
  readonly signal: AbortSignal;
}

/** Asks the hooks of a moment whether it may be. */
export abstract class HookRunner {
  /** The time that a run may take, from the moment that it was claimed. */
  abstract readonly limitMs: number;

  /**
   * Names the hooks that an operation must pass, as they are now; they may be others when it is its
   * turn. Undefined: there are none. Asked before each operation is accepted.
   */
  abstract setFor(moment: HookMoment): Promise<string | undefined> | undefined;

  /**
   * Runs them, and returns whether all of them agree. Of one operation it is called once, on one
   * node, whatever dies: what was called out cannot be called back. What it throws is a refusal.
   */
  abstract run(run: HookRun): Promise<boolean>;
}
