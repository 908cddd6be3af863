import type { InstallationEvent } from '../domain/installation/installation.events.js';
import { utf8 } from '../shared/bytes.js';
import { put } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import type { Projection } from './projection.js';

/** Whether there is an administrator, and the key pairs by access key id. */
export const installationProjection: Projection<InstallationEvent> = {
  name: 'installation',
  version: 1,
  takes: ['InstallationSetUp'],

  project({ event }) {
    const { user, accessKeyId, sealedSecret, createdAtMs } = event;
    return [
      put(partitions.installation, keys.setup, { user, createdAtMs }),
      put(partitions.credentials, utf8(accessKeyId), { user, sealedSecret, createdAtMs }),
    ];
  },
};
