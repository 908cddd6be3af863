import type { ObjectPath } from '../../../src/domain/model.js';
import { isSameContent, show, type Content } from './reference-branch.js';
import type { Reference } from './reference.js';
import type { Answer, Operation } from './operations.js';
import { must } from './violation.js';

/** One operation as its caller saw it. Moments are counted over all callers. */
export interface Call {
  readonly id: string;
  readonly operation: Operation;
  readonly began: { readonly moment: number; readonly position: number };
  /** Undefined: its node died, or it has not come back yet. */
  ended?: { readonly moment: number; readonly position: number; readonly answer: Answer };
}

/** Compares an answer, as soon as it is given, with what the log says of it. */
export function judge({ id, operation, began, ended }: Call, log: Reference): void {
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
    case 'commit': {
      const result = log.results.get(id);
      must(result?.type === 'Committed', `${id} is told of a commit, and the log of none`);
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
    case 'create':
      return must(log.creations.has(id), `${id} is told of a branch, and the log of none`);
  }
}

interface Facts {
  readonly shown: readonly (Content | null)[];
  readonly log: Reference;
}

/** What is said once a repository is hidden, or while its rows go. */
const GONE = new Set(['repository_not_found', 'source_not_found', 'commit_not_found']);

function judgeRefusal(id: string, operation: Operation, code: string, { shown, log }: Facts): void {
  const wasAbsent = shown.some((content) => content === null);
  if (code === 'branch_not_found' || code === 'ref_not_found') {
    must(wasAbsent, `${id} is told that there is no branch, and there was one all along`);
  } else if (code === 'object_not_found' && operation.kind === 'stat') {
    const was = shown.some((content) => content && !content.has(operation.path));
    must(was, `${id} is told that ${operation.path} is not there, and it was all along`);
  } else if (GONE.has(code)) {
    must(log.hiddenAt, `${id} is told that there is no repository, and there is`);
  } else if (code === 'branch_exists') {
    const wasThere = shown.some((content) => content !== null);
    must(wasThere, `${id} is told that the branch exists, and there was none`);
  } else {
    must(code === 'no_changes' && operation.kind === 'commit', `${id} is refused: ${code}`);
    const result = log.results.get(id);
    const isRecorded = result?.type === 'IntentFailed' && result.reason === 'no_changes';
    must(isRecorded, `${id} is told "no changes", and the log says ${result?.type}`);
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
export function judgeAll(calls: readonly Call[], log: Reference): void {
  for (const { id, operation, ended } of calls) {
    if (ended?.answer.kind !== 'refused') continue;
    must(!log.landings.has(id), `${id} is refused, and is stored all the same`);
    must(log.results.get(id)?.type !== 'Committed', `${id} is refused, and is committed`);
    must(!log.creations.has(id), `${id} is refused, and made a branch`);
    if (operation.kind === 'put') must(ended.answer.code !== 'no_changes', 'not said of a write');
  }
  for (const call of calls) if (call.operation.kind === 'commit') judgeSeal(call, calls, log);
}

/** I7: what was acknowledged before an intent was asked for is in the tokens that it takes. */
function judgeSeal({ id, began }: Call, calls: readonly Call[], log: Reference): void {
  const request = log.requests.get(id);
  if (!request) return;
  for (const { id: write, ended } of calls) {
    if (!ended || ended.moment > began.moment || ended.answer.kind === 'unknown') continue;
    const [landing] = log.landings.get(write) ?? [];
    if (!landing || landing.life !== request.life) continue;
    must(landing.ordinal <= request.upto, `I7: ${id} was asked for after ${write}, and misses it`);
  }
}
