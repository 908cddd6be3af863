import type { Metadata } from '../model.js';
import type { RepositoryRecord } from './repository.events.js';

export type RepositoryState =
  | { readonly status: 'absent' }
  | {
      readonly status: 'live' | 'deleting';
      readonly repository: RepositoryRecord;
      readonly metadata: Metadata;
    };
