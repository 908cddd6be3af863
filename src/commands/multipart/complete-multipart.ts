import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { LinkAddress } from '../../domain/address/address.commands.js';
import { addressDecider } from '../../domain/address/address.decider.js';
import { addressStream } from '../../domain/address/address.stream.js';
import { DomainError } from '../../domain/errors.js';
import type { Metadata, ObjectEntry, ObjectPath } from '../../domain/model.js';
import { multipartChecksum } from '../../domain/multipart/multipart-checksum.js';
import type { MultipartCommand, NamedPart } from '../../domain/multipart/multipart.commands.js';
import { chosen, multipartDecider } from '../../domain/multipart/multipart.decider.js';
import type { StoredPart } from '../../domain/multipart/multipart.state.js';
import { multipartStream, type UploadPlace } from '../../domain/multipart/multipart.stream.js';
import { stagingDecider } from '../../domain/staging/staging.decider.js';
import { type BlockAddress, BlockStore } from '../../ports/block-store.js';
import { Clock } from '../../ports/clock.js';
import { BlockNotFound, CorruptData, WrongExpectedRevision } from '../../ports/store-errors.js';
import { assert } from '../../shared/assert.js';
import { failpoint } from '../../shared/failpoint.js';
import { AggregateStreams } from '../aggregate-stream.js';
import type { BranchPlace } from '../branch/branches.js';
import { newEvent } from '../new-events.js';
import { StagingWriter } from '../object/staging-writer.js';
import { Places } from '../places.js';
import { onceUnder } from '../repeats/once-under.js';
import { partOf, type Request } from '../request.js';
import { type NamedUpload, type UploadFold, Uploads } from './uploads.js';

/**
 * Puts the parts of an upload together and stages the object.
 *
 * First the log decides which parts count; then they are put together, which gives the same body
 * whoever does it and however often; last come the object and the end of the upload, in one append.
 * So a client that has heard nothing asks again and is answered as the first time.
 *
 * @throws DomainError  address_…; upload_not_found; parts_order, part_invalid, part_size
 */
export class CompleteMultipart extends Command<ObjectEntry> {
  constructor(
    readonly upload: NamedUpload,
    readonly object: {
      readonly parts: readonly NamedPart[];
      readonly contentType: string;
      readonly metadata: Metadata;
    },
    readonly request: Request,
  ) {
    super();
  }
}

type Place = UploadPlace & { readonly key: string };

@CommandHandler(CompleteMultipart)
export class CompleteMultipartHandler implements ICommandHandler<CompleteMultipart> {
  constructor(
    private readonly places: Places,
    private readonly uploads: Uploads,
    private readonly streams: AggregateStreams,
    private readonly writer: StagingWriter,
    private readonly blocks: BlockStore,
    private readonly clock: Clock,
  ) {}

  execute({ upload, object, request }: CompleteMultipart): Promise<ObjectEntry> {
    const { repository: name, branch } = upload;
    return this.places.at({ name, branch, isForced: false }, async (at) => {
      const place = this.uploads.verified(at.repository, upload);
      await this.uploads.fold(place);
      await this.#seal(place, object.parts, request);
      await failpoint('multipart.afterSeal');
      const fold = await this.uploads.fold(place);
      if (fold.state.status === 'completed') {
        return this.#finished(at, place, upload.path, request);
      }
      try {
        return await this.#complete(at, { place, fold, upload, object }, request);
      } catch (error) {
        if (!isLost(error, place) && !(error instanceof BlockNotFound)) throw error;
        // Somebody else has completed it, or given it up, while we put it together.
        const { state } = await this.uploads.fold(place);
        if (state.status === 'completed') {
          return await this.#finished(at, place, upload.path, request);
        }
        throw state.status === 'sealed' ? error : new DomainError('upload_not_found');
      }
    });
  }

  async #seal(place: Place, parts: readonly NamedPart[], request: Request): Promise<void> {
    const command = { type: 'SealMultipart', parts } as const;
    const stream = multipartStream(place);
    await this.streams.transact(
      { stream, decider: multipartDecider, command },
      partOf(request, 'seal'),
    );
  }

  async #complete(
    at: BranchPlace,
    {
      place,
      fold,
      upload,
      object,
    }: Pick<CompleteMultipart, 'upload' | 'object'> & {
      place: Place;
      fold: UploadFold;
    },
    request: Request,
  ): Promise<ObjectEntry> {
    const { state, expected } = fold;
    if (state.status !== 'sealed') throw new DomainError('upload_not_found');
    const { branch, path } = upload;
    const { namespace } = at.repository;
    const parts = chosen(state.stored, state.partNumbers);
    const address: BlockAddress = { namespace, key: place.key };
    const { sizeBytes } = await this.blocks.put(address, this.#bodyOf(namespace, parts));
    await failpoint('multipart.afterBody');
    const entry: ObjectEntry = {
      address: place.key,
      addressType: 'relative',
      checksum: multipartChecksum(parts.map(({ md5 }) => md5)),
      sizeBytes,
      modifiedAtMs: this.clock.nowMs(),
      contentType: object.contentType === '' ? 'application/octet-stream' : object.contentType,
      metadata: object.metadata,
    };
    const complete = { type: 'CompleteMultipart', entry } as const;
    const link = { type: 'LinkAddress', branch, path, entry } as const;
    if (this.streams.groups === 'stepwise') {
      await this.#decide(place, { link, complete }, request);
      return this.#finished(at, place, path, request);
    }
    const stage = { type: 'StageObject', path, entry } as const;
    const beside = [
      {
        stream: multipartStream(place),
        expected,
        events: multipartDecider
          .decide(complete, state)
          .map((event) => newEvent(event, request.commandId, 'complete')),
      },
      {
        stream: addressStream(place.uid, place.key),
        expected: 'none' as const,
        events: addressDecider
          .decide(link, addressDecider.initial)
          .map((event) => newEvent(event, request.commandId, 'link')),
      },
    ];
    const events = stagingDecider.decide(stage, { status: 'open' });
    await this.writer.write(at, events, request, beside);
    await failpoint('multipart.afterEnd');
    return entry;
  }

  /** In steps: who has the address, then which try ends the upload; the object follows from it. */
  async #decide(
    place: Place,
    { link, complete }: { link: LinkAddress; complete: MultipartCommand },
    request: Request,
  ): Promise<void> {
    const address = { stream: addressStream(place.uid, place.key), decider: addressDecider };
    const { state } = await this.streams.load(address.stream, addressDecider);
    // A try that died behind this step had another time.
    if (state.status === 'unused') {
      const step = { ...address, command: link };
      await this.streams.transact(step, partOf(request, 'link'));
    }
    const upload = { stream: multipartStream(place), decider: multipartDecider };
    const step = { ...upload, command: complete };
    await this.streams.transact(step, partOf(request, 'complete'));
  }

  /** Returns the object of a completed upload; in steps, once it is staged. */
  async #finished(
    at: BranchPlace,
    place: Place,
    path: ObjectPath,
    request: Request,
  ): Promise<ObjectEntry> {
    const { state } = await this.uploads.fold(place);
    assert(state.status === 'completed', 'it was completed just now, or before');
    if (this.streams.groups === 'whole') return state.entry;
    const name = `multipart/${place.uid}/${place.uploadId}`;
    const once = await onceUnder(this.streams, this.clock, name, request);
    const stage = { type: 'StageObject', path, entry: state.entry } as const;
    await this.writer.write(at, stagingDecider.decide(stage, { status: 'open' }), once);
    return state.entry;
  }

  /**
   * The bodies of the parts one behind the other; one is open at a time.
   *
   * @throws CorruptData  one is not as long any more as it was when it was stored
   */
  async *#bodyOf(
    namespace: BlockAddress['namespace'],
    parts: readonly StoredPart[],
  ): AsyncGenerator<Uint8Array> {
    for (const { key, sizeBytes } of parts) {
      let leftBytes = sizeBytes;
      for await (const chunk of (await this.blocks.get({
        namespace,
        key,
      })) as AsyncIterable<Buffer>) {
        leftBytes -= chunk.length;
        yield chunk;
      }
      if (leftBytes !== 0) throw new CorruptData(`${key}: a part has ${sizeBytes} bytes no more`);
    }
  }
}

const isLost = (error: unknown, place: Place): boolean =>
  error instanceof WrongExpectedRevision &&
  [multipartStream(place), addressStream(place.uid, place.key)].includes(error.stream);
