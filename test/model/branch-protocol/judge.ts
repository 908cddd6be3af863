import { partOf } from '../../../src/commands/request.js';
import type { CommitRecord, ObjectPath } from '../../../src/domain/model.js';
import { isSameContent, show, type Content } from './content.js';
import type { Reference } from './reference.js';
import { work } from '../../support/samples/branch.samples.js';
import { requestOf, type Answer, type Operation } from './operations.js';
import { must } from './violation.js';

/** One operation as its caller saw it. Moments are counted over all callers. */
export interface Call {
  readonly id: string;
  readonly operation: Operation;
  readonly began: { readonly moment: number; readonly position: number };
  /** Undefined: its node died, or it has not come back yet. */
  ended?: { readonly moment: number; readonly position: number; readonly answer: Answer };
}

/** What the log says of answers. */
export type Told = Pick<
  Reference,
  | 'shownBetween'
  | 'shownBefore'
  | 'landings'
  | 'requests'
  | 'results'
  | 'deletions'
  | 'creations'
  | 'history'
  | 'hiddenAt'
  | 'purgedAt'
  | 'hasHooks'
>;

/** Compares an answer, as soon as it is given, with what the log says of it. */
export function judge({ id, operation, began, ended }: Call, log: Told): void {
  if (!ended || ended.answer.kind === 'unknown') return;
  const { answer } = ended;
  const shown = log.shownBetween(began.position, ended.position);
  if (answer.kind === 'refused') return judgeRefusal(id, operation, answer.code, { shown, log });
  const isLanded = log.landings.has(id);
  switch (answer.kind) {
    case 'put':
      return must(isLanded, `${id} is acknowledged, and nothing landed`);
    case 'remove': {
      const { path } = operation as Extract<Operation, { kind: 'remove' }>;
      const wasAbsent = shown.some((content) => content && !content.has(path));
      return must(isLanded || wasAbsent, `${id} removed nothing, and ${path} was there all along`);
    }
    case 'put if absent': {
      const [landing] = log.landings.get(id) ?? [];
      must(landing, `${id} is acknowledged, and nothing landed`);
      const content = log.shownBefore(landing.position);
      return must(!content?.has(landing.path as ObjectPath), `${id} lands over what is there`);
    }
    case 'reset':
      return must(log.results.get(id)?.type === 'StagingDiscarded', `${id} discarded nothing`);
    case 'hard reset': {
      const results = triesOf(id).map((each) => log.results.get(each));
      const moved = results.find((result) => result?.type === 'HeadMoved');
      must(moved?.type === 'HeadMoved', `${id} moved nothing`);
      const { ref } = operation as Extract<Operation, { kind: 'hard reset' }>;
      const wanted = countedFrom(log.history.commitOf(moved.from), ref);
      return must(moved.to.commitId === wanted, `${id} moves to ${moved.to.commitId}`);
    }
    case 'commit':
    case 'merge':
    case 'revert':
    case 'pick':
    case 'import': {
      const result = log.results.get(id);
      const type = answer.kind === 'commit' ? 'Committed' : 'Merged';
      must(result?.type === type, `${id} is told of a commit, and the log of none`);
      const isSame = JSON.stringify(result.commit) === JSON.stringify(answer.commit);
      return must(isSame, `I10: ${id} is told ${answer.commit.id}, the log ${result.commit.id}`);
    }
    case 'list':
      return judgeListing(id, answer.page, shown);
    case 'stat': {
      const { path } = operation as Extract<Operation, { kind: 'stat' }>;
      const was = shown.some((content) => content?.get(path) === answer.value);
      return must(was, `${id} reads ${path}:${answer.value}; it was ${shown.map(show).join(', ')}`);
    }
    case 'delete': {
      const positions = [...log.deletions.values()].flat();
      const isDone = positions.some((at) => at > began.position && at <= ended.position);
      return must(isDone, `${id} is told that the branch is gone, and nobody took it`);
    }
    case 'delete repository':
      return must(log.purgedAt, `${id} is told that the repository is gone, and it is not`);
    case 'undo':
    case 'restore':
      return must(log.results.get(id)?.type === 'Undone', `${id} has undone nothing`);
    case 'create':
      return must(log.creations.has(id), `${id} is told of a branch, and the log of none`);
  }
}

interface Facts {
  readonly shown: readonly (Content | null)[];
  readonly log: Told;
}

/** What is said once a repository is hidden, or while its rows go. */
const GONE = new Set([
  'repository_not_found',
  'source_not_found',
  'commit_not_found',
  'commit_ref_not_found',
]);

/** Returns what a ref names that is the branch, its parent, or a commit by its id. */
const countedFrom = (head: CommitRecord, ref: string) =>
  ref === work ? head.id : ref.startsWith(work) ? head.parents[0] : ref;

const REF_CODES = new Set(['commit_ref_not_found', 'commit_ref_invalid']);

/** What the log says of an intent when its caller is told so. */
const REASONS = new Map<string, readonly string[]>([
  ['no_changes', ['no_changes']],
  ['dirty_branch', ['dirty']],
  ['merge_conflict', ['conflict']],
  ['change_conflict', ['conflict']],
  ['precondition_failed', ['hook_refused', 'hook_interrupted']],
]);

/** A hard reset that was counted from a head that went on asks again, by ids of its own. */
const triesOf = (id: string): readonly string[] => [
  id,
  ...Array.from({ length: 50 }, (_, at) => partOf(requestOf(id), `again-${at + 1}`).commandId),
];

function judgeRefusal(id: string, operation: Operation, code: string, { shown, log }: Facts): void {
  const wasAbsent = shown.some((content) => content === null);
  if (code === 'branch_not_found' || code === 'ref_not_found') {
    must(wasAbsent, `${id} is told that there is no branch, and there was one all along`);
  } else if (code === 'object_not_found' && operation.kind === 'stat') {
    const was = shown.some((content) => content && !content.has(operation.path));
    must(was, `${id} is told that ${operation.path} is not there, and it was all along`);
  } else if ('ref' in operation && operation.ref.startsWith(work) && REF_CODES.has(code)) {
    // Counted past the first commit, or looked up while there was no branch.
    const mayBePast = /[~^]/.test(operation.ref);
    must(mayBePast || wasAbsent, `${id} is told that there is no ${operation.ref}`);
  } else if (GONE.has(code)) {
    must(log.hiddenAt, `${id} is told that there is no repository, and there is`);
  } else if (code === 'branch_exists') {
    const wasThere = shown.some((content) => content !== null);
    must(wasThere, `${id} is told that the branch exists, and there was none`);
  } else if (code === 'path_exists' && operation.kind === 'put if absent') {
    const { path } = operation;
    const was = shown.some((content) => content?.has(path));
    must(was, `${id} is told that ${path} exists, and it was absent all along`);
  } else if (code === 'branch_busy') {
    must(log.hasHooks, `${id} is told that the branch is busy, and nothing takes long`);
    must(!log.requests.has(id), `${id} is told that the branch is busy, and it is accepted`);
  } else if (code === 'parent_out_of_range') {
    must(operation.kind === 'revert' || operation.kind === 'pick', `${id} is refused: ${code}`);
  } else if (code === 'nothing_to_undo' || code === 'undo_superseded') {
    must(operation.kind === 'undo', `${id} is refused: ${code}`);
  } else {
    const reasons = REASONS.get(code);
    must(reasons, `${id} is refused: ${code}`);
    const ids = operation.kind === 'hard reset' ? triesOf(id) : [id];
    const results = ids.map((each) => log.results.get(each));
    const isRecorded = results.some(
      (result) => result?.type === 'IntentFailed' && reasons.includes(result.reason),
    );
    must(isRecorded, `${id} is told "${code}", and the log says ${results[0]?.type}`);
  }
}

function judgeListing(
  id: string,
  { items, hasMore }: Extract<Answer, { kind: 'list' }>['page'],
  shown: readonly (Content | null)[],
): void {
  const page: [ObjectPath, string][] = items.map((item) => [
    item.path as ObjectPath,
    item.kind === 'object' ? item.entry.checksum : '',
  ]);
  const isPageOf = (content: Content | null) => {
    if (!content) return false;
    const first = [...content].sort().slice(0, page.length);
    const isWhole = content.size === page.length;
    return isWhole === !hasMore && isSameContent(new Map(first), new Map(page));
  };
  const listed = show(new Map(page));
  must(shown.some(isPageOf), `${id} lists ${listed}; it was ${shown.map(show).join(', ')}`);
}

/** What can be said only once nobody is under way any more. */
export function judgeAll(calls: readonly Call[], log: Told): void {
  for (const { id, operation, ended } of calls) {
    if (ended?.answer.kind !== 'refused') continue;
    must(!log.landings.has(id), `${id} is refused, and is stored all the same`);
    const type = log.results.get(id)?.type ?? 'IntentFailed';
    const isNothing = type === 'IntentFailed' || type === 'BranchDeleted';
    must(isNothing, `${id} is refused, and the log says ${type}`);
    // A branch that was to come back to a repository that goes is there without what it had.
    const isLate = operation.kind === 'restore' && log.hiddenAt !== undefined;
    must(isLate || !log.creations.has(id), `${id} is refused, and made a branch`);
    if (operation.kind === 'put') must(ended.answer.code !== 'no_changes', 'not said of a write');
  }
  for (const call of calls) judgeSeal(call, calls, log);
}

/** I7: what was acknowledged before an intent was asked for is in the tokens that it takes. */
function judgeSeal({ id, began }: Call, calls: readonly Call[], log: Told): void {
  const request = log.requests.get(id);
  if (!request) return;
  for (const { id: write, ended } of calls) {
    if (!ended || ended.moment > began.moment || ended.answer.kind === 'unknown') continue;
    const [landing] = log.landings.get(write) ?? [];
    if (!landing || landing.life !== request.life) continue;
    must(landing.ordinal <= request.upto, `I7: ${id} was asked for after ${write}, and misses it`);
  }
}
