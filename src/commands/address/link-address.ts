import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { addressDecider } from '../../domain/address/address.decider.js';
import { addressStream } from '../../domain/address/address.stream.js';
import { DomainError } from '../../domain/errors.js';
import type { BranchId, Metadata, ObjectEntry, ObjectPath } from '../../domain/model.js';
import type { RepositoryId } from '../../domain/model.js';
import { stagingDecider } from '../../domain/staging/staging.decider.js';
import { entryOf, type StagingEvent } from '../../domain/staging/staging.events.js';
import { assertHolds, type WriteCondition } from '../../domain/staging/write-condition.js';
import type { StreamAppend } from '../../ports/event-log.js';
import { Clock } from '../../ports/clock.js';
import { WrongExpectedRevision } from '../../ports/store-errors.js';
import { assert } from '../../shared/assert.js';
import { failpoint } from '../../shared/failpoint.js';
import { AggregateStreams } from '../aggregate-stream.js';
import type { BranchPlace } from '../branch/branches.js';
import { newEvent } from '../new-events.js';
import { ConditionalWriter } from '../object/conditional-writer.js';
import { assertUri } from '../object/stage-object.js';
import { StagingWriter } from '../object/staging-writer.js';
import { Places } from '../places.js';
import { onceUnder } from '../repeats/once-under.js';
import { partOf, type Request } from '../request.js';
import { AddressTokens } from './address-tokens.js';
import { BlockChecksums } from './block-checksums.js';
import { keyInside } from './issued-key.js';

/**
 * Stages an object whose bytes a client has stored itself, under an address that was given to it
 * for this path. The use of the address and the object are one append, so that neither is there
 * without the other, and the same link again is answered as the first time.
 *
 * An address outside the namespace is nobody's to give out, and is staged as it is.
 *
 * @throws DomainError  address_unsigned, address_forged, address_expired, address_used;
 *   path_exists, precondition_failed; invalid: what is stored there is something else
 */
export class LinkAddress extends Command<ObjectEntry> {
  constructor(
    readonly repository: RepositoryId,
    readonly branch: BranchId,
    readonly link: {
      readonly path: ObjectPath;
      /** `scheme://…`, as it was given out. */
      readonly physicalAddress: string;
      readonly checksum: string;
      readonly sizeBytes: number;
      /** Left out: the time of the request. */
      readonly modifiedAtMs: number | undefined;
      readonly contentType: string;
      readonly metadata: Metadata;
      readonly condition: WriteCondition | undefined;
      readonly isForced: boolean;
    },
    readonly request: Request,
  ) {
    super();
  }
}

type Link = LinkAddress['link'];

@CommandHandler(LinkAddress)
export class LinkAddressHandler implements ICommandHandler<LinkAddress> {
  constructor(
    private readonly places: Places,
    private readonly tokens: AddressTokens,
    private readonly checksums: BlockChecksums,
    private readonly streams: AggregateStreams,
    private readonly writer: StagingWriter,
    private readonly conditional: ConditionalWriter,
    private readonly clock: Clock,
  ) {}

  execute({ repository: name, branch, link, request }: LinkAddress): Promise<ObjectEntry> {
    return this.places.at({ name, branch, isForced: link.isForced }, async (place) => {
      const { namespace, uid } = place.repository;
      const key = keyInside(namespace, link.physicalAddress);
      if (key === undefined) {
        assertUri(link.physicalAddress);
        const entry = this.#entry(link, { address: link.physicalAddress, addressType: 'full' });
        await this.#stage(place, { link, entry, beside: [] }, request);
        return entry;
      }
      this.tokens.verify({ uid, branch, path: link.path }, key);
      await this.#assertStored(place, key, link);
      const entry = this.#entry(link, { address: key, addressType: 'relative' });
      return this.#linkOnce(place, { link, entry, key }, request);
    });
  }

  /** An object that nobody has stored yet may be linked: what a client promises it may keep. */
  async #assertStored({ repository }: BranchPlace, key: string, link: Link): Promise<void> {
    const stored = await this.checksums.of({ namespace: repository.namespace, key });
    if (stored === undefined) return;
    const reason = 'is not that of the stored body';
    if (stored.sizeBytes !== link.sizeBytes) {
      throw new DomainError('invalid', { field: 'size_bytes', reason });
    }
    const isMd5 = /^[\da-f]{32}$/i.test(link.checksum);
    if (isMd5 && stored.md5 !== link.checksum.toLowerCase()) {
      throw new DomainError('invalid', { field: 'checksum', reason });
    }
  }

  async #linkOnce(
    place: BranchPlace,
    { link, entry, key }: { link: Link; entry: ObjectEntry; key: string },
    request: Request,
  ): Promise<ObjectEntry> {
    if (this.streams.groups === 'stepwise') {
      return this.#linkInSteps(place, { link, entry, key }, request);
    }
    const { branch, repository } = place;
    const stream = addressStream(repository.uid, key);
    const command = { type: 'LinkAddress', branch, path: link.path, entry } as const;
    const events = addressDecider.decide(command, addressDecider.initial);
    const beside = [
      {
        stream,
        expected: 'none' as const,
        events: events.map((event) => newEvent(event, request.commandId, 'link')),
      },
    ];
    try {
      await failpoint('address.beforeLink');
      const staged = await this.#stage(place, { link, entry, beside }, request);
      await failpoint('address.afterLink');
      return entryOf(staged, link.path);
    } catch (error) {
      // The path may be taken by the very object that the first try has linked.
      if (!isRefusedCondition(error) && !isLost(error, stream)) throw error;
      const { state } = await this.streams.load(stream, addressDecider);
      if (state.status === 'unused') throw error;
      addressDecider.decide(command, state);
      return state.entry;
    }
  }

  /** Its use decides who has the address; the object follows, once, by whoever asks for it. */
  async #linkInSteps(
    place: BranchPlace,
    { link, entry, key }: { link: Link; entry: ObjectEntry; key: string },
    request: Request,
  ): Promise<ObjectEntry> {
    const { branch, repository } = place;
    const { path, condition } = link;
    const stream = addressStream(repository.uid, key);
    const decider = addressDecider;
    const command = { type: 'LinkAddress', branch, path, entry } as const;
    const { state: before } = await this.streams.load(stream, decider);
    if (before.status === 'unused') {
      // What is refused already uses no address up.
      if (condition) assertHolds(condition, (await this.conditional.look(place, path)).current);
      await this.streams.transact({ stream, decider, command }, partOf(request, 'link'));
    }
    const { state } = await this.streams.load(stream, decider);
    decider.decide(command, state);
    assert(state.status === 'linked', 'it was linked just now, or before');
    const name = `address/${repository.uid}/${key}`;
    const once = await onceUnder(this.streams, this.clock, name, request);
    const linked = { link, entry: state.entry, beside: [] };
    return entryOf(await this.#stage(place, linked, once), path);
  }

  async #stage(
    place: BranchPlace,
    { link, entry, beside }: { link: Link; entry: ObjectEntry; beside: readonly StreamAppend[] },
    request: Request,
  ): Promise<readonly StagingEvent[]> {
    const { path, condition } = link;
    const events = stagingDecider.decide({ type: 'StageObject', path, entry }, { status: 'open' });
    if (!condition) return this.writer.write(place, events, request, beside);
    const decide = (current: ObjectEntry | undefined) => {
      assertHolds(condition, current);
      return events;
    };
    return this.conditional.write(place, { path, decide, beside }, request);
  }

  #entry(link: Link, at: Pick<ObjectEntry, 'address' | 'addressType'>): ObjectEntry {
    const { checksum, sizeBytes, metadata, contentType } = link;
    return {
      ...at,
      checksum,
      sizeBytes,
      modifiedAtMs: link.modifiedAtMs ?? this.clock.nowMs(),
      contentType: contentType === '' ? 'application/octet-stream' : contentType,
      metadata,
    };
  }
}

const isRefusedCondition = (error: unknown): boolean =>
  error instanceof DomainError &&
  (error.code === 'path_exists' || error.code === 'precondition_failed');

const isLost = (error: unknown, stream: string): boolean =>
  error instanceof WrongExpectedRevision && error.stream === stream;
