import type { DomainErrorCode } from '../../domain/errors.js';
import { statusOf } from '../http-errors.js';
import { PUBLIC_OPERATIONS } from '../operations.js';
import { ERROR } from './answer-schemas.js';
import type { Components } from './components.js';
import type { ResponseObject } from './document-shapes.js';
import type { ToldOperation } from './told-operations.js';

/** Returns every refusal that an operation may answer, by its status. */
export function refusalsOf(
  told: ToldOperation,
  components: Components,
): Readonly<Record<string, ResponseObject>> {
  const reasons = new Map<number, Set<string>>();
  const add = (status: number, reason: string) => {
    reasons.set(status, (reasons.get(status) ?? new Set()).add(reason));
  };
  for (const [status, reason] of generalRefusals(told)) add(status, reason);
  for (const code of told.contract.refuses ?? []) add(statusOf[code], wordsOf(code));
  const own = told.contract.alsoAnswers ?? {};
  const content = { 'application/json': { schema: components.told(ERROR) } };
  return Object.fromEntries(
    [...reasons]
      .filter(([status]) => own[status] === undefined)
      .toSorted(([left], [right]) => left - right)
      .map(([status, all]) => [
        String(status),
        { description: [...all].join('; '), ...(told.method !== 'HEAD' && { content }) },
      ]),
  );
}

/** What any operation of this kind may answer. */
function generalRefusals({ operationId, method, path, contract, reads }: ToldOperation) {
  const isWrite = method !== 'GET' && method !== 'HEAD';
  const isPublic = PUBLIC_OPERATIONS.has(operationId);
  const isInRepository = path.includes('{repository}');
  const hasJson =
    contract.bodyAs === undefined &&
    (contract.body !== undefined || reads.some((each) => each.body !== undefined));
  const all: readonly (readonly [applies: boolean, status: number, reason: string])[] = [
    [true, 400, 'the request is malformed; the message names the field'],
    [!isPublic, 401, wordsOf('authentication_failed')],
    [isInRepository, 404, wordsOf('repository_not_found')],
    [isInRepository, 410, wordsOf('repository_in_deletion')],
    [isWrite && hasJson, 413, 'the body is over 1 MiB'],
    [!isPublic && isWrite, statusOf.cross_origin, wordsOf('cross_origin')],
    [!isPublic, statusOf.sign_in_delayed, wordsOf('sign_in_delayed')],
    [isWrite, 429, 'too many requests change this at once'],
    [true, 500, 'a fault of the server, which its log explains'],
    [true, 503, 'the store cannot be reached, or has too much to do'],
  ];
  return all.filter(([applies]) => applies).map(([, status, reason]) => [status, reason] as const);
}

function wordsOf(code: DomainErrorCode): string {
  return code.replaceAll('_', ' ');
}
