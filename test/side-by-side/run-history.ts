import { isDeepStrictEqual } from 'node:util';
import { SeededRandom } from '../support/seeded-random.js';
import { Generator, type Kind } from './generate.js';
import { expectedOf, type Expected } from './judge.js';
import { PlainGraveler } from './plain-graveler.js';
import { SideFault, type Answered, type Observed, type Side } from './side.js';
import { branchOf, type Step } from './step.js';

/** What came of a step on one server. */
export interface Seen extends Answered {
  /** Its branch afterwards, when there is one. */
  readonly branch: Observed | undefined;
}

export interface HistoryReport {
  readonly steps: readonly { readonly step: Step; readonly seen: Seen }[];
  /** Both servers and the model agreed so often. */
  readonly equalCount: number;
  /** The peer differed from the model, and ours did not: the history ended there. */
  readonly peerDiffers?: string;
  /** Ours differed from the model, or, in an agreeing history, from the peer. */
  readonly oursDiffers?: string;
}

/**
 * Runs one history on two servers and on maps.
 *
 * @param sides  ours, and the peer; without one ours is judged by the maps alone
 */
export async function runHistory(
  of: { readonly kind: Kind; readonly seed: number; readonly stepCount: number },
  sides: { readonly ours: Side; readonly peer: Side | undefined },
): Promise<HistoryReport> {
  const { kind, seed, stepCount } = of;
  const model = new PlainGraveler();
  const generator = new Generator(kind, new SeededRandom(seed), model, `${kind}-${seed}`);
  const steps: { step: Step; seen: Seen }[] = [];
  await Promise.all([sides.ours.open(), sides.peer?.open()]);
  let equalCount = 0;
  const so = (): HistoryReport => ({ steps, equalCount });
  while (steps.length < stepCount) {
    const step = generator.next();
    const where = `${kind} seed ${seed}, step ${steps.length + 1}: ${JSON.stringify(step)}`;
    const verdict = model.judge(step, await baseOf(step, model, sides.ours));
    const [mine, theirs] = await Promise.all([seenOn(sides.ours, step), seenOn(sides.peer, step)]);
    if (!mine || mine instanceof SideFault) return { ...so(), oursDiffers: `${where}: ${mine}` };
    steps.push({ step, seen: mine });
    if (mine.status < 300) verdict.effect?.();
    const expected = expectedOf(step, model, verdict.statuses);
    const ours = differenceOf(mine, expected);
    if (ours !== undefined) return { ...so(), oursDiffers: `${where}: ${ours}` };
    if (theirs) {
      const peer = kind === 'any' ? differenceOf(theirs, expected) : unequal(mine, theirs);
      const [differs, what] = [`${where}: ${peer}`, kind === 'any' ? 'peerDiffers' : 'oursDiffers'];
      if (peer !== undefined) return { ...so(), [what]: differs };
      // Where maps allow two answers, both must have given the same one to go on.
      if (!(theirs instanceof SideFault) && theirs.status !== mine.status) return so();
    }
    equalCount++;
  }
  return so();
}

/** Sends a step and looks at its branch afterwards; a server that is not there saw nothing. */
export async function seenOn(
  side: Side | undefined,
  step: Step,
): Promise<Seen | SideFault | undefined> {
  if (!side) return undefined;
  const branch = branchOf(step);
  try {
    const answer = await side.take(step);
    const isGone = branch === undefined || (step.do === 'delete branch' && answer.status < 300);
    const isThere = !isGone && answer.status !== 404;
    return { ...answer, branch: isThere ? await side.observe(branch) : undefined };
  } catch (error) {
    if (error instanceof SideFault) return error;
    throw error;
  }
}

/** Of several best bases ours picks one; it must be among them. */
async function baseOf(step: Step, model: PlainGraveler, ours: Side): Promise<number | undefined> {
  if (step.do !== 'merge') return undefined;
  const [left, right] = [model.resolve(step.source), model.resolve(step.branch)];
  if (left === undefined || right === undefined) return undefined;
  const best = model.bestBases(left, right);
  if (best.length === 1) return best[0];
  const { source, branch } = step;
  const { body } = await ours.take({ do: 'merge base', source, branch });
  if (best.includes(body as number)) return body as number;
  throw new Error(`merge base ${String(body)} of ${source} and ${branch} is none of ${best}`);
}

function differenceOf(seen: Seen | SideFault, expected: Expected): string | undefined {
  if (seen instanceof SideFault) return seen.message;
  if (!expected.statuses.includes(seen.status)) {
    return `status ${seen.status}, expected ${expected.statuses.join(' or ')}`;
  }
  if (expected.isBody && !expected.isBody(seen.body)) {
    return `answer ${JSON.stringify(seen.body)}, expected ${expected.body}`;
  }
  if (expected.branch === undefined || seen.branch === undefined) return undefined;
  const { head, parents, objects, uncommitted } = seen.branch;
  const shown = {
    head,
    parents,
    objects: objects.map(({ path, checksum, metadata = {} }) => ({ path, checksum, metadata })),
    uncommitted,
  };
  return isDeepStrictEqual(shown, expected.branch)
    ? undefined
    : `shows ${JSON.stringify(shown)}, expected ${JSON.stringify(expected.branch)}`;
}

/** Returns where two servers differ, in everything but the ids of commits. */
export function unequal(ours: Seen, theirs: Seen | SideFault): string | undefined {
  if (theirs instanceof SideFault) return theirs.message;
  if (isDeepStrictEqual(ours, theirs)) return undefined;
  return `ours ${JSON.stringify(ours)}, the peer ${JSON.stringify(theirs)}`;
}
