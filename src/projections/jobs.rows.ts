import type { RepositoryUid } from '../domain/model.js';
import type { KvWrite } from '../ports/kv-store.js';
import { put, remove } from './kv-codec.js';
import { keys, type JobPartitions } from './kv-keys.js';

export interface JobAt {
  readonly jobs: JobPartitions;
  readonly uid: RepositoryUid;
  readonly id: string;
  readonly atMs: number;
}

/** A job says that it lives: whoever looks for silent ones finds when it did. */
export const jobRuns = ({ jobs, uid, id, atMs }: JobAt, node: string): KvWrite =>
  put(jobs.running, keys.jobOf(uid, id), { uid, id, node, atMs });

export const jobEnded = ({ jobs, uid, id, atMs }: JobAt): readonly KvWrite[] => [
  remove(jobs.running, keys.jobOf(uid, id)),
  put(jobs.ended, keys.jobOf(uid, id), { uid, id, atMs }),
];

/** @param partition  where its record is */
export const jobForgotten = ({ jobs, uid, id }: JobAt, partition: string): readonly KvWrite[] => [
  remove(partition, keys.job(id)),
  remove(jobs.running, keys.jobOf(uid, id)),
  remove(jobs.ended, keys.jobOf(uid, id)),
];
