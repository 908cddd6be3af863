import type { MultipartEvent } from '../domain/multipart/multipart.events.js';
import { uploadOfStream } from '../domain/multipart/multipart.stream.js';
import { unreachable } from '../shared/assert.js';
import { put, remove, type UploadRecord } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import type { Projection } from './projection.js';

type Taken = Exclude<MultipartEvent, { readonly type: 'PartStored' | 'MultipartSealed' }>;

/** Uploads in parts whose parts still take space, and which of them are over. */
export const uploadsProjection: Projection<Taken> = {
  name: 'uploads',
  version: 1,
  takes: ['MultipartStarted', 'MultipartCompleted', 'MultipartAborted', 'PartsRemoved'],

  project({ stream, atMs, event }) {
    const key = keys.upload(uploadOfStream(stream));
    switch (event.type) {
      case 'MultipartStarted': {
        const { branch, path, namespace } = event;
        const record: UploadRecord = { branch, path, namespace, key: event.key, startedAtMs: atMs };
        return [put(partitions.uploads, key, record)];
      }
      case 'MultipartCompleted':
      case 'MultipartAborted':
        return [put(partitions.uploadsOver, key, { overAtMs: atMs })];
      case 'PartsRemoved':
        return [remove(partitions.uploads, key), remove(partitions.uploadsOver, key)];
      default:
        return unreachable(event);
    }
  },
};
