import { DomainError } from '../domain/errors.js';
import type {
  BranchId,
  MetaRangeId,
  ObjectPath,
  PullId,
  RepositoryId,
  StorageNamespace,
  TagId,
  UserId,
} from '../domain/model.js';
import { parseRef } from '../domain/ref/parse-ref.js';
import { epochMsOf } from '../shared/date-time.js';
import { PAGE_ITEMS_MAX, type PageRequest } from '../shared/page.js';
import { xidSeconds } from '../shared/xid.js';
import type { Query } from './query.js';

/**
 * Text of a path, a query or a body → branded value.
 *
 * @throws DomainError invalid  each of them, naming `field`
 */
export function repositoryId(text: string, field = 'repository'): RepositoryId {
  if (!repositoryRule.test(text)) {
    throw invalid(field, 'must be 3 to 63 of a-z, 0-9 and dash, and not begin with a dash');
  }
  return text as RepositoryId;
}

export function branchId(text: string, field = 'branch'): BranchId {
  if (!branchRule.test(text)) {
    throw invalid(
      field,
      'branch id must consist of letters, digits, underscores and dashes, ' +
        'and cannot start with a dash',
    );
  }
  if (text.length > NAME_CHARS_MAX) throw invalid(field, `over ${NAME_CHARS_MAX} characters`);
  return text as BranchId;
}

/** A branch, perhaps as of a moment: `main@{…}`. It names none to write to. */
export function branchRef(text: string, field = 'branch'): string {
  const { base, asOf, modifiers } = parseRef(refText(text, field));
  if (asOf === undefined || modifiers.length > 0) return branchId(text, field);
  branchId(base, field);
  return text;
}

export function tagId(text: string, field = 'tag'): TagId {
  const isTag =
    text !== '' &&
    text !== '@' &&
    !tagEnd.test(text) &&
    !tagNever.test(text) &&
    !hasControlOrSpace(text) &&
    text.isWellFormed();
  if (!isTag) throw invalid(field, 'is no valid tag id');
  if (Buffer.byteLength(text) > NAME_CHARS_MAX)
    throw invalid(field, `over ${NAME_CHARS_MAX} bytes`);
  return text as TagId;
}

export function pullId(text: string, field = 'pullRequestID'): PullId {
  if (xidSeconds(text) === undefined) throw invalid(field, 'is no valid pull request id');
  return text as PullId;
}

/** A ref is text until it is resolved. */
export function refText(text: string, field = 'ref'): string {
  if (!refRule.test(text) || !text.isWellFormed() || text.includes('\0')) {
    throw invalid(field, 'is no valid ref: it must not be empty nor hold a space');
  }
  if (Buffer.byteLength(text) > REF_BYTES_MAX) throw invalid(field, `over ${REF_BYTES_MAX} bytes`);
  return text;
}

export function objectPath(text: string, field = 'path'): ObjectPath {
  if (text === '') throw invalid(field, 'empty value is not allowed');
  if (!text.isWellFormed()) throw invalid(field, 'is not valid Unicode');
  if (text.includes('\0')) throw invalid(field, 'holds %00');
  // No character takes more than three bytes for each UTF-16 unit.
  if (text.length * 3 > PATH_BYTES_MAX && Buffer.byteLength(text) > PATH_BYTES_MAX) {
    throw invalid(field, `over ${PATH_BYTES_MAX} bytes`);
  }
  return text as ObjectPath;
}

export function metadataType(text: string, field = 'type'): 'range' | 'meta_range' {
  if (text === 'range' || text === 'meta_range') return text;
  throw invalid(field, 'must be range or meta_range');
}

/** Of a range or a metarange. What is no such id names no file: it is not there. */
export function tableId(text: string, field: string): string {
  if (!/^[\w-]{1,128}$/.test(text)) throw invalid(field, 'is no id');
  return text;
}

/** @throws DomainError  invalid: this one is kept, and so must be one */
export function metaRangeId(text: string, field: string): MetaRangeId {
  if (!/^[0-9a-f]{64}$/.test(text)) throw invalid(field, 'must be 64 of 0-9 and a-f');
  return text as MetaRangeId;
}

/** How many there may be is the handler's to say. */
export function partNumber(text: string, field = 'partNumber'): number {
  if (!/^\d{1,9}$/.test(text)) throw invalid(field, 'must be a whole number');
  return Number(text);
}

/** A slash at the end is taken off. Which schemes this server stores is the handler's to say. */
export function storageNamespace(text: string, field = 'storage_namespace'): StorageNamespace {
  if (!namespaceRule.test(text) || !text.isWellFormed() || hasControlOrSpace(text)) {
    throw invalid(field, 'must be a scheme and a place, as in local://bucket');
  }
  return trimSlashes(text) as StorageNamespace;
}

export function userId(text: string, field = 'username'): UserId {
  if (text.trim() === '') throw new DomainError('invalid', { field, reason: 'must not be empty' });
  if (!text.isWellFormed() || /[/%\p{Cc}]/u.test(text)) {
    throw invalid(field, 'must not hold a slash, a percent sign nor a control character');
  }
  if (text.length > NAME_CHARS_MAX) throw invalid(field, `over ${NAME_CHARS_MAX} characters`);
  return text as UserId;
}

/** An amount of 0 or -1 is the usual page, not "all". */
export function pageRequest(query: Query): PageRequest {
  const amount = query.integer('amount', { untold: USUAL_PAGE, min: -1, max: PAGE_ITEMS_MAX });
  return { after: query.text('after') ?? '', amount: amount > 0 ? amount : USUAL_PAGE };
}

/** A time as RFC 3339 writes it; without a zone it is UTC. @returns UTC, epoch, milliseconds */
export function timeMs(text: string, field: string): number {
  const at = epochMsOf(text);
  if (at === undefined) throw invalid(field, `'${text}' is not a date-time`);
  return at;
}

/** Returns a position of the log; undefined: the text is none. */
export function positionOf(text: string): number | undefined {
  const position = Number(text);
  return /^\d{1,16}$/.test(text) && Number.isSafeInteger(position) ? position : undefined;
}

function invalid(field: string, reason: string): DomainError {
  return new DomainError('invalid', { field, reason });
}

function hasControlOrSpace(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) <= 0x20) return true;
  return false;
}

/** By hand: a regular expression for it takes quadratic time over many slashes. */
function trimSlashes(text: string): string {
  const least = text.indexOf('://') + 3;
  let end = text.length;
  while (end > least && text.charCodeAt(end - 1) === SLASH) end--;
  return text.slice(0, end);
}

export const PATH_BYTES_MAX = 1024;
export const REF_BYTES_MAX = 2048;
export const NAME_CHARS_MAX = 1024;
const USUAL_PAGE = 100;
const SLASH = 0x2f;
const repositoryRule = /^[a-z0-9][a-z0-9-]{2,62}$/;
const branchRule = /^\w[-\w]*$/;
const refRule = /^\S+$/;
const tagEnd = /(?:\.|\.lock)$/;
const tagNever = /\.\.|\/|@\{|[\^:?*[\\]/;
const namespaceRule = /^(?:s3|gs|https?|mem|local|transient):\/\/./;
