import { assert, unreachable } from '../../shared/assert.js';
import type { Decider } from '../decider.js';
import { DomainError } from '../errors.js';
import type { MultipartCommand, NamedPart } from './multipart.commands.js';
import type { MultipartEvent } from './multipart.events.js';
import { type MultipartState, partsByNumber, type StoredPart } from './multipart.state.js';

/** Source: S3's limits of a multipart upload. */
export const PARTS_MAX = 10_000;
export const PART_BYTES_MIN = 5 * 1024 * 1024;
export const PART_BYTES_MAX = 5 * 1024 * 1024 * 1024;
export const MULTIPART_BYTES_MAX = 5 * 1024 * 1024 * 1024 * 1024;

/**
 * An upload in parts: begun, filled in any order, sealed with a list of parts, completed. Which
 * parts count is decided by the seal, so that whoever completes it makes the same body.
 */
export const multipartDecider: Decider<MultipartCommand, MultipartState, MultipartEvent> = {
  initial: { status: 'absent' },

  decide(command, upload) {
    switch (command.type) {
      case 'StartMultipart': {
        const { branch, path, namespace, key } = command;
        assert(upload.status === 'absent', 'an upload is begun once');
        return [{ type: 'MultipartStarted', branch, path, namespace, key }];
      }
      case 'StorePart': {
        if (upload.status !== 'open') throw new DomainError('upload_not_found');
        return [storedPart(command)];
      }
      case 'SealMultipart':
        return seal(command.parts, upload);
      case 'CompleteMultipart':
        if (upload.status === 'completed') return [];
        if (upload.status !== 'sealed') throw new DomainError('upload_not_found');
        return [{ type: 'MultipartCompleted', entry: command.entry }];
      case 'AbortMultipart':
        if (upload.status === 'aborted') return [];
        if (upload.status === 'absent' || upload.status === 'completed') {
          throw new DomainError('upload_not_found');
        }
        return [{ type: 'MultipartAborted' }];
      case 'RemoveParts':
        assert(isOver(upload), 'parts go after nobody can need them');
        return upload.areBlocksGone ? [] : [{ type: 'PartsRemoved' }];
      default:
        return unreachable(command);
    }
  },

  evolve(upload, event) {
    if (event.type === 'MultipartStarted') {
      assert(upload.status === 'absent', 'an upload is begun once');
      const { type: _, ...place } = event;
      return { status: 'open', place, stored: [] };
    }
    assert(upload.status !== 'absent', 'it is there');
    const { place, stored } = upload;
    switch (event.type) {
      case 'PartStored': {
        const { type: _, ...part } = event;
        assert(upload.status === 'open', 'no part behind the seal');
        return { ...upload, stored: [...stored, part] };
      }
      case 'MultipartSealed':
        assert(upload.status === 'open', 'sealed once');
        return { status: 'sealed', place, stored, partNumbers: event.partNumbers };
      case 'MultipartCompleted':
        assert(upload.status === 'sealed', 'completed once, after the seal');
        return { ...upload, status: 'completed', entry: event.entry, areBlocksGone: false };
      case 'MultipartAborted':
        assert(upload.status === 'open' || upload.status === 'sealed', 'nothing is given up twice');
        return { status: 'aborted', place, stored, areBlocksGone: false };
      case 'PartsRemoved':
        assert(isOver(upload), 'parts go after nobody can need them');
        return { ...upload, areBlocksGone: true };
      default:
        return unreachable(event);
    }
  },
};

type OverMultipart = Extract<MultipartState, { readonly areBlocksGone: boolean }>;

const isOver = (upload: MultipartState): upload is OverMultipart =>
  upload.status === 'completed' || upload.status === 'aborted';

function storedPart({
  partNumber,
  key,
  md5,
  sizeBytes,
}: Extract<MultipartCommand, { type: 'StorePart' }>): MultipartEvent {
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > PARTS_MAX) {
    const reason = `must be 1 to ${PARTS_MAX}`;
    throw new DomainError('invalid', { field: 'partNumber', reason });
  }
  if (sizeBytes > PART_BYTES_MAX) throw new DomainError('part_size', { partNumber, why: 'large' });
  return { type: 'PartStored', partNumber, key, md5, sizeBytes };
}

function seal(parts: readonly NamedPart[], upload: MultipartState): readonly MultipartEvent[] {
  switch (upload.status) {
    case 'absent':
    case 'aborted':
      throw new DomainError('upload_not_found');
    case 'sealed':
    case 'completed':
      // The same list again goes on where it stood; another one comes too late.
      if (isSameList(parts, chosen(upload.stored, upload.partNumbers))) return [];
      throw new DomainError('upload_not_found');
    case 'open':
      assertComplete(parts, partsByNumber(upload.stored));
      return [{ type: 'MultipartSealed', partNumbers: parts.map((part) => part.partNumber) }];
    default:
      return unreachable(upload);
  }
}

/** Returns the parts of a sealed upload, in their order. */
export function chosen(
  stored: readonly StoredPart[],
  partNumbers: readonly number[],
): readonly StoredPart[] {
  const byNumber = partsByNumber(stored);
  return partNumbers.map((number) => {
    const part = byNumber.get(number);
    assert(part, 'a sealed part is there');
    return part;
  });
}

function isSameList(asked: readonly NamedPart[], sealed: readonly StoredPart[]): boolean {
  const isSame = (part: StoredPart, at: number) =>
    asked[at]?.partNumber === part.partNumber && asked[at].md5 === part.md5;
  return asked.length === sealed.length && sealed.every(isSame);
}

/** @throws DomainError parts_order, part_invalid, part_size */
function assertComplete(
  parts: readonly NamedPart[],
  stored: ReadonlyMap<number, StoredPart>,
): void {
  assertAscending(parts);
  let sizeBytes = 0;
  for (const [at, { partNumber, md5 }] of parts.entries()) {
    const part = stored.get(partNumber);
    if (part === undefined || part.md5 !== md5)
      throw new DomainError('part_invalid', { partNumber });
    const isLast = at === parts.length - 1;
    if (!isLast && part.sizeBytes < PART_BYTES_MIN) {
      throw new DomainError('part_size', { partNumber, why: 'small' });
    }
    sizeBytes += part.sizeBytes;
    if (sizeBytes > MULTIPART_BYTES_MAX) {
      throw new DomainError('part_size', { partNumber, why: 'large' });
    }
  }
}

function assertAscending(parts: readonly NamedPart[]): void {
  if (parts.length === 0) {
    throw new DomainError('invalid', { field: 'parts', reason: 'are required' });
  }
  let before = 0;
  for (const { partNumber } of parts) {
    if (partNumber <= before) throw new DomainError('parts_order', { partNumber });
    before = partNumber;
  }
}
