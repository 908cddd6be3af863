import type { ImportEvent } from '../domain/import/import.events.js';
import { importOfStream } from '../domain/import/import.stream.js';
import { importSchemas } from '../domain/import/import.upcasters.js';
import type { RepositoryPurged } from '../domain/repository/repository.events.js';
import { unreachable } from '../shared/assert.js';
import { jobEnded, jobForgotten, jobRuns } from './jobs.rows.js';
import { drop, put, type ImportRecord } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import type { Projection } from './projection.js';

/** Imports by id: how far they are, and what became of them. */
export const importsProjection: Projection<ImportEvent | RepositoryPurged> = {
  name: 'imports',
  version: 1,
  takes: [...(Object.keys(importSchemas) as ImportEvent['type'][]), 'RepositoryPurged'],

  project({ stream, atMs, event }) {
    if (event.type === 'RepositoryPurged') return [drop(partitions.imports(event.uid))];
    const { uid, id } = importOfStream(stream);
    const at = { jobs: partitions.importJobs, uid, id, atMs };
    const record = (part: Partial<ImportRecord>) =>
      put(partitions.imports(uid), keys.job(id), { ...NEW, updatedAtMs: atMs, ...part });
    switch (event.type) {
      case 'ImportRequested':
        return [record({}), jobRuns(at, event.node)];
      case 'ImportResumed':
        return [jobRuns(at, event.node)];
      case 'ImportProgressed':
      case 'ImportIngested': {
        const { ingestedCount, node } = event;
        return [record({ ingestedCount }), jobRuns(at, node)];
      }
      case 'ImportCompleted': {
        const { ingestedCount, commit } = event;
        return [record({ ingestedCount, commit }), ...jobEnded(at)];
      }
      case 'ImportFailed': {
        const { ingestedCount, reason } = event;
        return [record({ ingestedCount, error: reason }), ...jobEnded(at)];
      }
      case 'ImportCancelled': {
        const { ingestedCount } = event;
        return [record({ ingestedCount, error: 'Canceled' }), ...jobEnded(at)];
      }
      case 'ImportForgotten':
        return jobForgotten(at, partitions.imports(uid));
      default:
        return unreachable(event);
    }
  },
};

const NEW: Omit<ImportRecord, 'updatedAtMs'> = { ingestedCount: 0, error: null, commit: null };
