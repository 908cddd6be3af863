import type { RequestEvent } from '../domain/request/request.events.js';
import { put, remove, type BegunRequest } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import type { Projection } from './projection.js';

type Taken = Extract<RequestEvent, { type: 'RequestBegun' | 'RequestForgotten' }>;

/** Keys that are in use, the oldest first: what a sweep forgets after a day. */
export const requestsProjection: Projection<Taken> = {
  name: 'requests',
  version: 1,
  takes: ['RequestBegun', 'RequestForgotten'],

  project({ stream, event }) {
    const partition = partitions.requests;
    if (event.type === 'RequestForgotten') {
      return [remove(partition, keys.request(event.begunAtMs, stream))];
    }
    const { begunAtMs, formerAtMs } = event;
    const record: BegunRequest = { stream };
    const begun = put(partition, keys.request(begunAtMs, stream), record);
    return formerAtMs === null
      ? [begun]
      : [remove(partition, keys.request(formerAtMs, stream)), begun];
  },
};
