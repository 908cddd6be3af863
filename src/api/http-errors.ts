import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Logger,
  NotFoundException,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { SignInDelayed } from '../auth/failed-sign-ins.js';
import { DomainError, type DomainErrorCode } from '../domain/errors.js';
import {
  AddressRefused,
  BlockNotFound,
  EventRefused,
  LogSealed,
  PredicateFailed,
  SnapshotTooOld,
  StoreUnavailable,
  UnknownOutcome,
  WrongExpectedRevision,
} from '../ports/store-errors.js';
import { answerAgain, AnsweredBefore } from './answered-before.js';
import { RangeNotSatisfiable } from './byte-range.js';
import type { EdgeRequest } from './caller.js';
import { emptyParameter } from './empty-parameters.js';
import { API_PREFIX } from './operations.js';

/** An option of a served operation that is not built: refused, never passed over. */
export class NotServedYet extends Error {
  override readonly name = 'NotServedYet';

  constructor(readonly option: string) {
    super(`Not Implemented: ${option}`);
  }
}

/** An option that this server's block store can never have. */
export class NotSupportedByStore extends Error {
  override readonly name = 'NotSupportedByStore';

  constructor(readonly option: string) {
    super(`${option}: operation not supported`);
  }
}

/** One line a refusal. A code with no status does not compile. */
export const statusOf: Readonly<Record<DomainErrorCode, number>> = {
  address_expired: 400,
  address_foreign: 400,
  address_forged: 400,
  address_not_relative: 400,
  address_refused: 400,
  address_taken: 409,
  address_unsigned: 400,
  address_used: 400,
  already_initialized: 409,
  audit_behind: 503,
  authentication_failed: 401,
  branch_busy: 503,
  branch_exists: 409,
  branch_not_found: 404,
  commit_exists: 409,
  commit_id_wrong: 400,
  commit_ref_invalid: 400,
  commit_ref_not_found: 404,
  commit_not_found: 404,
  cross_origin: 403,
  change_conflict: 409,
  cherry_pick_parent_missing: 400,
  default_branch: 403,
  dirty_branch: 400,
  dump_refused: 400,
  feeds_full: 503,
  import_completed: 409,
  import_not_found: 404,
  import_not_supported: 403,
  import_source_invalid: 400,
  intent_pending: 504,
  invalid: 400,
  log_ref_not_found: 404,
  key_taken: 409,
  merge_conflict: 409,
  moment_in_future: 400,
  moment_invalid: 400,
  moment_not_found: 404,
  moment_too_large: 400,
  name_taken: 409,
  namespace_in_use: 400,
  namespace_invalid: 400,
  no_changes: 400,
  no_merge_base: 400,
  nothing_to_undo: 409,
  not_bare: 400,
  not_implemented: 501,
  object_data_missing: 410,
  object_not_found: 404,
  path_exists: 412,
  part_invalid: 400,
  part_size: 400,
  parts_order: 400,
  parent_out_of_range: 400,
  path_too_many: 400,
  precondition_failed: 412,
  protected_branch: 403,
  protected_branch_commit: 403,
  protected_branch_write: 403,
  pull_not_found: 404,
  pull_not_open: 400,
  range_not_satisfiable: 416,
  read_only_repository: 403,
  ref_invalid: 400,
  ref_not_found: 404,
  repository_exists: 409,
  repository_in_deletion: 410,
  repository_not_found: 404,
  rule_not_found: 404,
  same_branch: 400,
  restore_refused: 400,
  sign_in_delayed: 429,
  revert_parent_missing: 409,
  source_not_found: 404,
  store_busy: 503,
  tag_exists: 409,
  tag_not_found: 404,
  task_not_found: 404,
  undo_superseded: 409,
  upload_not_found: 404,
  url_expired: 403,
  url_invalid: 403,
};

/** What a client is told of an error. */
export interface HttpError {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What stands in the body beside the message. */
  readonly beside?: Readonly<Record<string, unknown>>;
  /** What went wrong is not the caller's to know: it belongs in our log, with everything. */
  readonly isOurs: boolean;
}

/** Returns what any error is over HTTP. Of a bug or of damaged data the caller learns nothing. */
export function httpErrorOf(error: unknown, requestId: string): HttpError {
  if (error instanceof DomainError) return refusalOf(error);
  if (error instanceof NotServedYet) return told(501, error.message);
  if (error instanceof NotSupportedByStore) return told(400, error.message);
  return storeErrorOf(error, requestId) ?? frameworkErrorOf(error) ?? ours(requestId);
}

function refusalOf(error: DomainError): HttpError {
  const status = statusOf[error.code];
  if (error instanceof RangeNotSatisfiable && error.sizeBytes !== undefined) {
    const headers = { 'content-range': `bytes */${error.sizeBytes}` };
    return { ...told(status, error.message), headers };
  }
  if (error instanceof SignInDelayed) {
    const headers = { 'retry-after': String(Math.ceil(error.waitMs / 1000)) };
    return { ...told(status, error.message), headers };
  }
  if (isConflict(error)) {
    const conflicts = error.details.paths;
    // A client of merges looks for the commit, also where there is none.
    const reference = error.code === 'merge_conflict' ? { reference: '' } : {};
    return { ...told(status, error.message), beside: { ...reference, conflicts } };
  }
  return status === 503
    ? { ...told(status, error.message), headers: later }
    : told(status, error.message);
}

function isConflict(
  error: DomainError,
): error is DomainError<'change_conflict'> | DomainError<'merge_conflict'> {
  return error.code === 'change_conflict' || error.code === 'merge_conflict';
}

function storeErrorOf(error: unknown, requestId: string): HttpError | undefined {
  if (error instanceof AddressRefused) return told(400, error.message);
  if (error instanceof BlockNotFound) return { status: 410, message: 'No data', isOurs: true };
  if (error instanceof EventRefused) {
    return { status: 400, message: 'the request is too large to be recorded', isOurs: true };
  }
  if (error instanceof WrongExpectedRevision || error instanceof PredicateFailed) {
    return busy(429, 'too many requests change this at once, try again later');
  }
  if (error instanceof SnapshotTooOld) return busy(503, 'the read took too long, try again later');
  if (error instanceof LogSealed) return busy(503, `nothing is written here now: ${error.message}`);
  if (error instanceof StoreUnavailable) {
    return { ...busy(503, 'the store cannot be reached, try again later'), isOurs: true };
  }
  if (error instanceof UnknownOutcome) {
    const message =
      'the outcome of this request is unknown: it was done, or it was not. Read what it changes ' +
      `before you send it again; this server's log names it ${requestId}`;
    return { status: 500, message, isOurs: true };
  }
  return undefined;
}

function frameworkErrorOf(error: unknown): HttpError | undefined {
  if (error instanceof NotFoundException) return told(404, NO_ENDPOINT);
  if (error instanceof HttpException) return told(error.getStatus(), error.message);
  const status = clientStatusOf(error);
  return status === undefined ? undefined : told(status, (error as Error).message);
}

/** Fastify's and Node's own errors say by `statusCode` that the request was at fault. */
function clientStatusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  const { statusCode } = error;
  const isClients = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
  return isClients ? statusCode : undefined;
}

function told(status: number, message: string): HttpError {
  return { status, message, isOurs: false };
}

/** Worth another try soon. */
function busy(status: number, message: string): HttpError {
  return { status, message, headers: later, isOurs: false };
}

function ours(requestId: string): HttpError {
  return { status: 500, message: `internal error; request ${requestId}`, isOurs: true };
}

/** What Nest finds no route for, and what fails in a method that it calls. */
@Catch()
export class HttpErrorFilter implements ExceptionFilter<unknown> {
  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    answerFault(error, http.getRequest<EdgeRequest>(), http.getResponse<FastifyReply>());
  }
}

/** The one place where an error becomes an answer. */
export function answerFault(error: unknown, request: EdgeRequest, reply: FastifyReply): void {
  if (error instanceof NotFoundException && !isBelowApi(request)) {
    // A client that was told a wrong address takes JSON for the API's own word.
    return void reply.status(404).send();
  }
  if (error instanceof AnsweredBefore) return answerAgain(reply, error.answer);
  // Of another request that its key stands for, the answer stays what it is.
  if (error instanceof DomainError && error.code === 'key_taken') request.keyed = null;
  const { method = '', url = '' } = request.raw;
  const empty = error instanceof NotFoundException ? emptyParameter(method, url) : undefined;
  const answer = httpErrorOf(empty ?? error, request.id);
  // A client that has gone broke its own request: that is no fault of ours, and nobody hears us.
  const isGone = request.raw.socket.destroyed;
  if (answer.isOurs && !isGone) logFault(request, answer.status, error);
  answerError(reply, answer);
}

function logFault(request: EdgeRequest, status: number, error: unknown): void {
  const [route] = (request.raw.url ?? '').split('?', 1);
  const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined;
  logger.error(
    `${request.raw.method} ${route} ${status} request ${request.id}: ${said}` +
      (cause === undefined ? '' : `\ncaused by ${cause.stack ?? cause.message}`),
  );
}

function isBelowApi({ raw: { url = '' } }: EdgeRequest): boolean {
  return url === API_PREFIX || url.startsWith(`${API_PREFIX}/`) || url.startsWith(`${API_PREFIX}?`);
}

/** Answers with `{"message"}`, and with no body where the method has none. */
export function answerError(
  reply: FastifyReply,
  { status, message, headers = {}, beside = {} }: Omit<HttpError, 'isOurs'>,
): void {
  if (reply.sent) return;
  for (const name of BODY_HEADERS) reply.removeHeader(name);
  void reply.status(status).headers(headers);
  if (reply.request.raw.method === 'HEAD') {
    void reply.send();
    return;
  }
  void reply
    .header('content-type', 'application/json')
    .header('x-content-type-options', 'nosniff')
    // Fastify would add a charset, which lakeFS's web UI does not expect.
    .serializer(JSON.stringify)
    .send({ ...beside, message });
}

const logger = new Logger('api');
export const NO_ENDPOINT = 'invalid API endpoint';
const later = { 'retry-after': '1' };
/** Of an answer that had been begun when the error came. */
const BODY_HEADERS = ['content-length', 'content-type', 'etag', 'last-modified'];
