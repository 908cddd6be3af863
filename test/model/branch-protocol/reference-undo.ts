import type { BranchResult, Undone } from '../../../src/domain/branch/branch.events.js';
import type { ResetScope } from '../../../src/domain/branch/branch.wishes.js';
import type { CommitRecord, ObjectPath } from '../../../src/domain/model.js';
import { isSameContent, show, type Content } from './content.js';
import { must } from './violation.js';

/** An operation as it came to pass. */
export interface Done {
  readonly revision: number;
  readonly result: Exclude<BranchResult, { type: 'IntentFailed' }>;
  /** What was seen, of the tokens that it took, before it. */
  readonly seen: Content;
  readonly head: CommitRecord;
  /** The last token that it took. */
  readonly upto: number;
}

/** A branch at the turn of an undo. */
export interface AtUndo {
  readonly done: readonly Done[];
  /** Of the tokens that it takes. */
  readonly seen: Content;
  /** At the head, and at the head that it puts back. */
  readonly from: Content;
  readonly to: Content;
  /** Whether a token from this one on says something of a path. */
  isSaidFrom(ordinal: number, path: ObjectPath): boolean;
}

/** Returns the operation that is undone, if nothing stands in the way. */
export function undoable(done: readonly Done[], of: number): Done | undefined {
  const at = done.findIndex(({ revision }) => revision === of);
  const operation = done[at];
  const inTheWay = (other: Done) => movesHead(other) || (operation && !movesHead(operation));
  return done.slice(at + 1).some(inTheWay) ? undefined : operation;
}

const movesHead = ({ result }: Done): boolean =>
  result.type === 'Undone' ? result.operation !== 'reset' : result.type !== 'StagingDiscarded';

/** Holds what is seen after an undo, of the tokens that it took and its own, against the rules. */
export function judgeUndone(undone: Undone, at: AtUndo, after: Content): void {
  const { intentId: id } = undone;
  const operation = undoable(at.done, undone.of);
  must(operation, `${id} takes back what is not the newest`);
  const { result } = operation;
  if (result.type === 'Committed') {
    const isSame = isSameContent(at.seen, after);
    return must(isSame, `${id} shows ${show(after)}, and it was ${show(at.seen)}`);
  }
  const paths = new Set([...at.seen.keys(), ...at.from.keys(), ...at.to.keys(), ...after.keys()]);
  for (const path of new Set([...paths, ...operation.seen.keys()])) {
    const wanted = mayBe(operation, at, path);
    const is = after.get(path);
    must(wanted.includes(is), `${id} shows ${path}:${is}, not ${wanted.join(' or ')}`);
  }
}

/** Returns what may be seen at a path after an operation was taken back. */
function mayBe(
  { result, seen: before, upto }: Done,
  at: AtUndo,
  path: ObjectPath,
): readonly (string | undefined)[] {
  const [now, from, to] = [at.seen.get(path), at.from.get(path), at.to.get(path)];
  // What is staged to some effect stays; but for what an undo itself had brought.
  if (result.type === 'Undone') {
    const isReset = result.operation === 'reset';
    return isReset ? [now, from, before.get(path)] : [...(now === from ? [to] : []), now];
  }
  if (now !== from) return [now];
  if (result.type !== 'StagingDiscarded') return [to];
  if (!isIn(result.scope, path)) return [now];
  const isNewer = at.isSaidFrom(upto + 1, path);
  return isNewer ? [now, before.get(path)] : [before.get(path)];
}

const isIn = (scope: ResetScope, path: ObjectPath): boolean => {
  if (scope.kind === 'all') return true;
  return scope.kind === 'object' ? path === scope.path : path.startsWith(scope.prefix);
};
