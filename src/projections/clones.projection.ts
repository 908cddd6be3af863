import type { RepositoryEvent } from '../domain/repository/repository.events.js';
import type { StagingEvent } from '../domain/staging/staging.events.js';
import { placeOfToken, tokenOfStream } from '../domain/staging/staging.stream.js';
import { drop, put, type CloneRecord } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import type { Projection } from './projection.js';

type Taken =
  | Extract<StagingEvent, { type: 'ObjectCloned' }>
  | Extract<RepositoryEvent, { type: 'RepositoryPurged' }>;

/**
 * Addresses that have had more than one name: whoever deletes the bytes of one must ask for all
 * its names first. A row stays for as long as its repository, since names are never counted.
 */
export const clonesProjection: Projection<Taken> = {
  name: 'clones',
  version: 1,
  takes: ['ObjectCloned', 'RepositoryPurged'],

  project({ stream, atMs, event }) {
    if (event.type === 'RepositoryPurged') return [drop(partitions.clones(event.uid))];
    const { uid } = placeOfToken(tokenOfStream(stream));
    const { address, addressType } = event.entry;
    const record: CloneRecord = { address, addressType, clonedAtMs: atMs };
    return [put(partitions.clones(uid), keys.address(address), record)];
  },
};
