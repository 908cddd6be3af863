import type { RepositoryPurged } from '../domain/repository/repository.events.js';
import type { RefsTaskEvent } from '../domain/refs-task/refs-task.events.js';
import { refsTaskOfStream } from '../domain/refs-task/refs-task.stream.js';
import { refsTaskSchemas } from '../domain/refs-task/refs-task.upcasters.js';
import { unreachable } from '../shared/assert.js';
import { jobEnded, jobForgotten, jobRuns } from './jobs.rows.js';
import { drop, put, type RefsTaskRecord } from './kv-codec.js';
import { keys, partitions } from './kv-keys.js';
import type { Projection } from './projection.js';

/** Dumps and restores of refs by id, and what became of them. */
export const refsTasksProjection: Projection<RefsTaskEvent | RepositoryPurged> = {
  name: 'refs-tasks',
  version: 1,
  takes: [...(Object.keys(refsTaskSchemas) as RefsTaskEvent['type'][]), 'RepositoryPurged'],

  project({ stream, atMs, event }) {
    if (event.type === 'RepositoryPurged') return [drop(partitions.refsTasks(event.uid))];
    const { uid, id } = refsTaskOfStream(stream);
    const at = { jobs: partitions.refsJobs, uid, id, atMs };
    const record = (part: Partial<RefsTaskRecord>) =>
      put(partitions.refsTasks(uid), keys.job(id), { ...NEW, updatedAtMs: atMs, ...part });
    switch (event.type) {
      case 'RefsTaskRequested':
      case 'RefsTaskProgressed':
        return [record({}), jobRuns(at, event.node)];
      case 'RefsTaskResumed':
        return [jobRuns(at, event.node)];
      case 'RefsTaskCompleted':
        return [record({ isDone: true, refs: event.refs }), ...jobEnded(at)];
      case 'RefsTaskFailed':
        return [record({ isDone: true, error: event.reason }), ...jobEnded(at)];
      case 'RefsTaskForgotten':
        return jobForgotten(at, partitions.refsTasks(uid));
      default:
        return unreachable(event);
    }
  },
};

const NEW: Omit<RefsTaskRecord, 'updatedAtMs'> = { isDone: false, error: null, refs: null };
