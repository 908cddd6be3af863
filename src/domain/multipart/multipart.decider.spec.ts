import { describe, expect, it } from '@jest/globals';
import { specFor } from '../../../test/support/given.js';
import { work } from '../../../test/support/samples/branch.samples.js';
import { lake, uid } from '../../../test/support/samples/repository.samples.js';
import { entry, path } from '../../../test/support/samples/staging.samples.js';
import { InvariantError } from '../../shared/assert.js';
import { multipartChecksum } from './multipart-checksum.js';
import { multipartDecider, PART_BYTES_MAX, PART_BYTES_MIN } from './multipart.decider.js';
import { multipartStream, uploadOfStream } from './multipart.stream.js';

const given = specFor(multipartDecider);
const place = { branch: work, path: path('a'), namespace: lake.namespace, key: 'data/s/x,sig' };
const started = { type: 'MultipartStarted', ...place } as const;
const part = (partNumber: number, md5: string, sizeBytes = PART_BYTES_MIN) => ({
  partNumber,
  key: `parts/${partNumber}.${md5}`,
  md5,
  sizeBytes,
});
const stored = (...of: Parameters<typeof part>) =>
  ({ type: 'PartStored', ...part(...of) }) as const;
const seal = (...parts: readonly (readonly [number, string])[]) =>
  ({
    type: 'SealMultipart',
    parts: parts.map(([partNumber, md5]) => ({ partNumber, md5 })),
  }) as const;
const sealed = (...partNumbers: number[]) => ({ type: 'MultipartSealed', partNumbers }) as const;
const complete = { type: 'CompleteMultipart', entry } as const;
const completed = { type: 'MultipartCompleted', entry } as const;
const abort = { type: 'AbortMultipart' } as const;
const aborted = { type: 'MultipartAborted' } as const;
const remove = { type: 'RemoveParts' } as const;
const removed = { type: 'PartsRemoved' } as const;

describe('an upload in parts', () => {
  it('is begun, takes parts of 1 to 10,000, and is made of those that its client names', () => {
    given()
      .when({ type: 'StartMultipart', ...place })
      .then(started);
    given(started)
      .when({ type: 'StorePart', ...part(1, 'a') })
      .then(stored(1, 'a'));
    for (const number of [0, 10_001, 1.5, Number.NaN]) {
      given(started)
        .when({ type: 'StorePart', ...part(number, 'a') })
        .refused('invalid');
    }
    given(started, stored(1, 'a'), stored(3, 'c'), stored(2, 'b'))
      .when(seal([1, 'a'], [3, 'c']))
      .then(sealed(1, 3));
  });

  it('counts the last body of a number', () => {
    const twice = given(started, stored(1, 'old'), stored(1, 'new'));
    twice.when(seal([1, 'old'])).refused('part_invalid');
    twice.when(seal([1, 'new'])).then(sealed(1));
  });

  it('has no part that is too small, but for the last, and none that is too large', () => {
    const tiny = given(started, stored(1, 'a', PART_BYTES_MIN - 1), stored(2, 'b', 0));
    tiny.when(seal([1, 'a'], [2, 'b'])).refused('part_size');
    tiny.when(seal([1, 'a'])).then(sealed(1));
    const huge = part(1, 'a', PART_BYTES_MAX + 1);
    given(started)
      .when({ type: 'StorePart', ...huge })
      .refused('part_size');
  });

  it('is not made of nothing, nor of parts out of order or twice', () => {
    const two = given(started, stored(1, 'a'), stored(2, 'b'));
    two.when(seal()).refused('invalid');
    two.when(seal([2, 'b'], [1, 'a'])).refused('parts_order');
    two.when(seal([1, 'a'], [1, 'a'])).refused('parts_order');
    two.when(seal([3, 'c'])).refused('part_invalid');
    two.when(seal([0, 'c'])).refused('parts_order');
  });

  it('is sealed once: the same list again is nothing to do, another comes too late', () => {
    for (const later of [[], [completed], [completed, removed]]) {
      const upload = given(started, stored(1, 'a'), stored(2, 'b'), sealed(1), ...later);
      upload.when(seal([1, 'a'])).then();
      upload.when(seal([2, 'b'])).refused('upload_not_found');
      upload.when(seal([1, 'a'], [2, 'b'])).refused('upload_not_found');
      upload.when({ type: 'StorePart', ...part(3, 'c') }).refused('upload_not_found');
    }
  });

  it('is completed after its seal, and a second time nothing happens', () => {
    given(started, stored(1, 'a')).when(complete).refused('upload_not_found');
    given(started, stored(1, 'a'), sealed(1)).when(complete).then(completed);
    given(started, stored(1, 'a'), sealed(1), completed).when(complete).then();
  });

  it('is given up until it is completed, and a second time nothing happens', () => {
    given(started).when(abort).then(aborted);
    given(started, stored(1, 'a'), sealed(1)).when(abort).then(aborted);
    given(started, aborted).when(abort).then();
    given().when(abort).refused('upload_not_found');
    given(started, stored(1, 'a'), sealed(1), completed).when(abort).refused('upload_not_found');
    given(started, aborted)
      .when(seal([1, 'a']))
      .refused('upload_not_found');
    given(started, aborted).when(complete).refused('upload_not_found');
  });

  it('loses the blocks of its parts once nobody can need them', () => {
    given(started, aborted).when(remove).then(removed);
    given(started, aborted, removed).when(remove).then();
    given(started, stored(1, 'a'), sealed(1), completed).when(remove).then(removed);
    expect(() => multipartDecider.decide(remove, { status: 'absent' })).toThrow(InvariantError);
  });

  it('stands in a stream of its repository and its own', () => {
    const upload = { uid, uploadId: '0b6c-x' };
    expect(uploadOfStream(multipartStream(upload))).toEqual(upload);
    expect(() => uploadOfStream('multipart-x')).toThrow(InvariantError);
  });

  it('is known by the MD5 of its parts’ MD5s, as S3 has it', () => {
    // Of the parts "a" and "b".
    const md5s = ['0cc175b9c0f1b6a831c399e269772661', '92eb5ffee6ae2fec3ad71c777531578f'];
    expect(multipartChecksum(md5s)).toBe('96e024ba2074fe77e8e965ba43a704be-2');
  });
});
