import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '../../domain/errors.js';
import { decodeEvent } from '../../domain/event-types.js';
import type { PartStored } from '../../domain/multipart/multipart.events.js';
import {
  multipartDecider,
  PART_BYTES_MAX,
  PARTS_MAX,
} from '../../domain/multipart/multipart.decider.js';
import { multipartStream, type UploadPlace } from '../../domain/multipart/multipart.stream.js';
import { BlockStore } from '../../ports/block-store.js';
import { Clock } from '../../ports/clock.js';
import { EventLog, type StreamAppend } from '../../ports/event-log.js';
import { Ids } from '../../ports/ids.js';
import { WrongExpectedRevision } from '../../ports/store-errors.js';
import { assert } from '../../shared/assert.js';
import { failpoint } from '../../shared/failpoint.js';
import type { BlockChecksum } from '../address/block-checksums.js';
import { contextOf, newEvent } from '../new-events.js';
import type { Request } from '../request.js';
import { partKey, Uploads } from './uploads.js';

/**
 * Stores the body of one part; stored again under its number, the last one counts.
 *
 * @throws DomainError  upload_not_found: over, or never begun; part_size; invalid: no such number
 */
export class StorePart extends Command<BlockChecksum> {
  constructor(
    readonly part: UploadPlace & {
      /** From 1. */
      readonly partNumber: number;
    },
    readonly body: AsyncIterable<Uint8Array>,
    readonly request: Request,
  ) {
    super();
  }
}

@CommandHandler(StorePart)
export class StorePartHandler implements ICommandHandler<StorePart> {
  constructor(
    private readonly uploads: Uploads,
    private readonly blocks: BlockStore,
    private readonly log: EventLog,
    private readonly clock: Clock,
    private readonly ids: Ids,
  ) {}

  async execute({ part, body, request }: StorePart): Promise<BlockChecksum> {
    const { uploadId, partNumber } = part;
    assertPartNumber(partNumber);
    const { namespace, branch, path, key: wholeKey } = await this.uploads.record(part);
    // New each time: a block that stands in the log is never written again.
    const key = partKey(uploadId, partNumber, this.ids.commandId());
    const { md5, sizeBytes } = await this.blocks.put({ namespace, key }, bounded(body, partNumber));
    await failpoint('multipart.afterPartBody');
    const state = { status: 'open', place: { namespace, branch, path, key: wholeKey } } as const;
    const events = multipartDecider.decide(
      { type: 'StorePart', partNumber, key, md5, sizeBytes },
      { ...state, stored: [] },
    );
    const append = {
      stream: multipartStream(part),
      expected: 'open' as const,
      events: events.map((event) => newEvent(event, request.commandId, 'part')),
    };
    try {
      const [result] = await this.log.append([append], contextOf(request, this.clock));
      const mayBeRepeated = result?.isRepeated || this.log.groups === 'stepwise';
      if (mayBeRepeated) return await this.#before(append);
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) throw error;
      await this.blocks.delete({ namespace, key });
      throw new DomainError('upload_not_found');
    }
    return { md5, sizeBytes };
  }

  /** Returns what a repeated command has stored the first time. */
  async #before({ stream, events: [event] }: StreamAppend): Promise<BlockChecksum> {
    const found = event && (await this.log.find(stream, event.id));
    assert(found, 'what is repeated is there');
    const { md5, sizeBytes } = decodeEvent(found) as PartStored;
    return { md5, sizeBytes };
  }
}

/** @throws DomainError invalid */
export function assertPartNumber(partNumber: number): void {
  if (Number.isInteger(partNumber) && partNumber >= 1 && partNumber <= PARTS_MAX) return;
  throw new DomainError('invalid', { field: 'partNumber', reason: `must be 1 to ${PARTS_MAX}` });
}

/** Breaks off what is too large while it comes, before it has filled the disk. */
async function* bounded(
  body: AsyncIterable<Uint8Array>,
  partNumber: number,
): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > PART_BYTES_MAX)
      throw new DomainError('part_size', { partNumber, why: 'large' });
    yield chunk;
  }
}
