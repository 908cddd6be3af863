import { describe, expect, it } from '@jest/globals';
import { BadRequestException, NotFoundException } from '@nestjs/common';
import { DomainError, type DomainErrorCode } from '../domain/errors.js';
import {
  AddressRefused,
  BlockNotFound,
  CorruptData,
  EventRefused,
  PredicateFailed,
  SchemaTooNew,
  SnapshotTooOld,
  StoreUnavailable,
  UnknownOutcome,
  WrongExpectedRevision,
} from '../ports/store-errors.js';
import { InvariantError } from '../shared/assert.js';
import { RangeNotSatisfiable } from './byte-range.js';
import { httpErrorOf, NotServedYet, NotSupportedByStore, statusOf } from './http-errors.js';

/** As lakeFS answers, written down apart from the table that it judges. */
const rows: ReadonlyArray<readonly [DomainErrorCode, number]> = [
  ['address_expired', 400],
  ['address_foreign', 400],
  ['address_forged', 400],
  ['address_not_relative', 400],
  ['address_refused', 400],
  ['address_taken', 409],
  ['address_unsigned', 400],
  ['address_used', 400],
  ['already_initialized', 409],
  ['audit_behind', 503],
  ['authentication_failed', 401],
  ['branch_busy', 503],
  ['branch_exists', 409],
  ['branch_not_found', 404],
  ['commit_exists', 409],
  ['commit_id_wrong', 400],
  ['commit_ref_invalid', 400],
  ['commit_ref_not_found', 404],
  ['commit_not_found', 404],
  ['cross_origin', 403],
  ['change_conflict', 409],
  ['cherry_pick_parent_missing', 400],
  ['default_branch', 403],
  ['dirty_branch', 400],
  ['dump_refused', 400],
  ['feeds_full', 503],
  ['import_completed', 409],
  ['import_not_found', 404],
  ['import_not_supported', 403],
  ['import_source_invalid', 400],
  ['intent_pending', 504],
  ['invalid', 400],
  ['log_ref_not_found', 404],
  ['key_taken', 409],
  ['merge_conflict', 409],
  ['moment_in_future', 400],
  ['moment_invalid', 400],
  ['moment_not_found', 404],
  ['moment_too_large', 400],
  ['name_taken', 409],
  ['namespace_in_use', 400],
  ['namespace_invalid', 400],
  ['no_changes', 400],
  ['no_merge_base', 400],
  ['nothing_to_undo', 409],
  ['not_bare', 400],
  ['not_implemented', 501],
  ['object_data_missing', 410],
  ['object_not_found', 404],
  ['path_exists', 412],
  ['part_invalid', 400],
  ['part_size', 400],
  ['parts_order', 400],
  ['parent_out_of_range', 400],
  ['path_too_many', 400],
  ['precondition_failed', 412],
  ['protected_branch', 403],
  ['protected_branch_commit', 403],
  ['protected_branch_write', 403],
  ['pull_not_found', 404],
  ['pull_not_open', 400],
  ['range_not_satisfiable', 416],
  ['read_only_repository', 403],
  ['ref_invalid', 400],
  ['ref_not_found', 404],
  ['repository_exists', 409],
  ['repository_in_deletion', 410],
  ['repository_not_found', 404],
  ['rule_not_found', 404],
  ['same_branch', 400],
  ['restore_refused', 400],
  ['sign_in_delayed', 429],
  ['revert_parent_missing', 409],
  ['source_not_found', 404],
  ['store_busy', 503],
  ['tag_exists', 409],
  ['tag_not_found', 404],
  ['task_not_found', 404],
  ['undo_superseded', 409],
  ['upload_not_found', 404],
  ['url_expired', 403],
  ['url_invalid', 403],
];

/** Details of every refusal at once: whatever its wording names. */
const details = new Proxy({}, { get: (_, name) => `some ${String(name)}` });
const refusal = (code: DomainErrorCode) =>
  Reflect.construct(DomainError, [code, details]) as DomainError;

describe('a refusal over HTTP', () => {
  it('has a row here for each code there is', () => {
    expect(rows.map(([code]) => code)).toEqual(Object.keys(statusOf));
  });

  it.each(rows)('%s is %d, in its own words', (code, status) => {
    const { message } = refusal(code);
    expect(httpErrorOf(refusal(code), 'r1')).toMatchObject({ status, message, isOurs: false });
    expect(message).not.toContain('undefined');
  });

  it.each(['branch_busy', 'store_busy'] as const)('%s says when to come again', (code) =>
    expect(httpErrorOf(refusal(code), 'r1').headers).toEqual({ 'retry-after': '1' }),
  );

  it('a range beyond the object comes with the size of the object', () =>
    expect(httpErrorOf(new RangeNotSatisfiable(10), 'r1')).toMatchObject({
      status: 416,
      headers: { 'content-range': 'bytes */10' },
    }));

  it('an option that is not built is 501, by its name', () =>
    expect(httpErrorOf(new NotServedYet('if-match'), 'r1')).toMatchObject({
      status: 501,
      message: 'Not Implemented: if-match',
    }));

  it('an option that the store can never have is 400', () =>
    expect(httpErrorOf(new NotSupportedByStore('x'), 'r1')).toMatchObject({
      status: 400,
      message: 'x: operation not supported',
    }));
});

describe('a fault of a store over HTTP', () => {
  const lost = new WrongExpectedRevision('s', 'none', { revision: 1 } as never, 'revision');
  it.each([
    [new AddressRefused('leaves its namespace'), 400, 'leaves its namespace'],
    [new BlockNotFound('data/x'), 410, 'No data'],
    [new EventRefused('secret details'), 400, 'the request is too large to be recorded'],
    [lost, 429, 'too many requests change this at once, try again later'],
    [new PredicateFailed('k'), 429, 'too many requests change this at once, try again later'],
    [new SnapshotTooOld('k'), 503, 'the read took too long, try again later'],
    [new StoreUnavailable('at 10.0.0.1'), 503, 'the store cannot be reached, try again later'],
  ])('%s', (error, status, message) => {
    const answer = httpErrorOf(error, 'r1');
    expect(answer).toMatchObject({ status, message });
    const isWorthAnotherTry = status === 429 || status === 503;
    expect(answer.headers?.['retry-after']).toBe(isWorthAnotherTry ? '1' : undefined);
  });

  it('an unknown outcome is told as one, with what to look for', () => {
    const { status, message, isOurs } = httpErrorOf(new UnknownOutcome('socket hang up'), 'r1');
    expect([status, isOurs]).toEqual([500, true]);
    expect(message).toContain('outcome of this request is unknown');
    expect(message).toContain('r1');
    expect(message).not.toContain('socket');
  });
});

describe('a bug over HTTP', () => {
  it.each([
    new InvariantError('secret'),
    new CorruptData('secret'),
    new SchemaTooNew('secret'),
    new TypeError('secret'),
    'secret',
    Object.assign(new Error('secret'), { statusCode: 500 }),
  ])('%s tells the caller nothing, and goes to the log', (error) =>
    expect(httpErrorOf(error, 'r1')).toEqual({
      status: 500,
      message: 'internal error; request r1',
      isOurs: true,
    }),
  );
});

describe('what the framework refuses', () => {
  it('no such route is "invalid API endpoint"', () =>
    expect(httpErrorOf(new NotFoundException('Cannot GET /x'), 'r1')).toMatchObject({
      status: 404,
      message: 'invalid API endpoint',
    }));

  it('keeps its status and words', () => {
    const tooLarge = Object.assign(new Error('Request body is too large'), { statusCode: 413 });
    expect(httpErrorOf(tooLarge, 'r1')).toMatchObject({ status: 413, message: tooLarge.message });
    expect(httpErrorOf(new BadRequestException('no'), 'r1')).toMatchObject({ status: 400 });
  });
});
