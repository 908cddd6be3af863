import { judge, judgeAll, type Call as Judged, type Told } from '../branch-protocol/judge.js';
import type { Answer, Operation } from '../branch-protocol/operations.js';
import type { Reference } from '../branch-protocol/reference.js';
import { must } from '../branch-protocol/violation.js';
import { commandOf, type Act, type Ended } from './callers.js';
import type { Shared } from './shared.js';
import type { Sights } from './sights.js';

/** An act of a caller, by its place among those of all. */
export interface Asked {
  readonly caller: string;
  readonly act: number;
  readonly wanted: Act;
}

export interface Answered {
  readonly ended: Ended;
  readonly log: number;
  /** What could be seen meanwhile. */
  readonly sights: number;
  /** The writes that were acknowledged before it began, a bit each. */
  readonly ahead: number;
}

const isOperation = (act: Act): act is Operation =>
  !['sweep', 'look', 'open', 'rules'].includes(act.kind);

const isAnswer = (answer: Ended['answer']): answer is Answer =>
  answer.kind !== 'done' && answer.kind !== 'rules';

/** Compares answers with what the log says and with what was shown meanwhile; each once. */
export class Verdicts {
  readonly #passed = new Set<string>();

  constructor(
    private readonly acts: readonly Asked[],
    private readonly shared: Shared,
    private readonly sights: Sights,
  ) {}

  /** @throws Violation  an answer is not true */
  pass(asked: Asked, { ended, log, sights, ahead }: Answered): void {
    const { wanted } = asked;
    const { answer } = ended;
    if (!isOperation(wanted) || !isAnswer(answer) || answer.kind === 'unknown') return;
    const id = commandOf(asked.caller, asked.act);
    if (this.#isByRule(id, wanted, answer, ahead)) return;
    const said = answer.kind === 'refused' ? answer.code : JSON.stringify(answer);
    const name = `${id} ${log} ${sights} ${ahead} ${said}`;
    if (this.#passed.has(name)) return;
    const reference = this.shared.reference(log);
    if (answer.kind === 'delete') this.#deleted(id, sights);
    else judge(callOf(id, wanted, answer), this.#told(reference, sights));
    this.#sealed(id, ahead, reference);
    this.#passed.add(name);
  }

  /** What can be said only once nobody is under way any more. @throws Violation */
  passAll(ended: readonly { readonly asked: Asked; readonly ended: Ended }[], log: number): void {
    const calls = ended.flatMap(({ asked: { caller, act, wanted }, ended: one }) =>
      isOperation(wanted) && isAnswer(one.answer)
        ? [callOf(commandOf(caller, act), wanted, one.answer)]
        : [],
    );
    judgeAll(calls, this.#told(this.shared.reference(log), 0));
  }

  /** Behind a rule's answer nothing is done that it forbids; and nobody is refused by none. */
  #isByRule(id: string, { kind }: Operation, answer: Answer, ahead: number): boolean {
    const isRuled = this.acts.some(
      ({ wanted }, index) => wanted.kind === 'rules' && (ahead & (1 << index)) !== 0,
    );
    const isForbidden = kind === 'put' || kind === 'put if absent' || kind === 'commit';
    const isRefused = answer.kind === 'refused' && answer.code.startsWith('protected_branch');
    must(
      !isRuled || !isForbidden || answer.kind === 'refused',
      `H7, H8: ${id} is done behind a rule's answer`,
    );
    const mayBe = this.acts.some(({ wanted }) => wanted.kind === 'rules');
    must(!isRefused || mayBe, `${id} is refused, and there is no rule`);
    return isRefused;
  }

  #deleted(id: string, sights: number): void {
    const counts = new Set(this.sights.in(sights).map(({ deletionCount }) => deletionCount));
    must(counts.size > 1, `${id} is told that the branch is gone, and nobody took it`);
  }

  /** I7: what was acknowledged before an intent was asked for is in the tokens that it takes. */
  #sealed(id: string, ahead: number, { requests, landings }: Reference): void {
    const request = requests.get(id);
    if (!request) return;
    for (const [index, { caller, act }] of this.acts.entries()) {
      if ((ahead & (1 << index)) === 0) continue;
      const write = commandOf(caller, act);
      const [landing] = landings.get(write) ?? [];
      if (!landing || landing.life !== request.life) continue;
      const isTaken = landing.ordinal <= request.upto;
      must(isTaken, `I7: ${id} was asked for after ${write}, and misses it`);
    }
  }

  #told(reference: Reference, sights: number): Told {
    const { landings, requests, results, deletions, creations, history } = reference;
    const { hiddenAt, purgedAt, hasHooks } = reference;
    return {
      landings,
      requests,
      results,
      deletions,
      creations,
      history,
      hiddenAt,
      purgedAt,
      hasHooks,
      shownBetween: () => this.sights.in(sights).map(({ content }) => content),
      shownBefore: (position) => reference.shownBefore(position),
    };
  }
}

/** The moments are the explorer's own to compare. */
function callOf(id: string, operation: Operation, answer: Answer): Judged {
  return {
    id,
    operation,
    began: { moment: 0, position: 0 },
    ended: { moment: 1, position: Infinity, answer },
  };
}
