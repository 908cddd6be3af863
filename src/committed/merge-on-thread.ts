import { InvariantError } from '../shared/assert.js';
import type { MergedRanges, MergeJob } from './merge-writer.js';
import type { RangeRecord } from './range-codec.js';
import { errorOf, Mailbox, ownedFile, type RangeThread } from './thread-session.js';

/** Merges on another thread, which is sent each file when it wants it. */
export async function mergeOnThread(
  thread: RangeThread,
  id: number,
  job: MergeJob,
): Promise<MergedRanges> {
  const mailbox = new Mailbox();
  thread.enter(id, mailbox);
  try {
    const { input, parameters } = job;
    thread.post({ session: id, kind: 'merge', input: ownKeys(input), parameters }, []);
    for (;;) {
      const message = await mailbox.next();
      if (message.kind === 'range') job.take(message.range);
      else if (message.kind === 'merged') return message.merged;
      else if (message.kind === 'failed') throw errorOf(message);
      else if (message.kind === 'wanted') await sendFile(thread, id, job, message.range);
      else throw new InvariantError(`a merge was told ${message.kind}`);
    }
  } catch (error) {
    if (!thread.isOver) thread.post({ session: id, kind: 'drop' }, []);
    throw error;
  } finally {
    thread.leave(id);
  }
}

async function sendFile(
  thread: RangeThread,
  id: number,
  job: MergeJob,
  range: RangeRecord,
): Promise<void> {
  const base = await job.fileOf(range);
  const { name, minKey, maxKey } = base;
  const file = ownedFile(base);
  const message = { name, file, minKey: new Uint8Array(minKey), maxKey: new Uint8Array(maxKey) };
  thread.post({ session: id, kind: 'mergeFile', file: message }, [file.buffer]);
}

// A view takes the whole of its buffer along, which may be a large one.
function ownKeys(input: MergeJob['input']): MergeJob['input'] {
  const replaced = input.replaced.map(({ from, until }) => ({
    from: new Uint8Array(from),
    ...(until ? { until: new Uint8Array(until) } : {}),
  }));
  return { ...input, replaced };
}
