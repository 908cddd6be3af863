import { InvariantError } from '../shared/assert.js';
import type { CellBatch } from './compare-blocks.js';
import { errorOf, Mailbox, type RangeThread } from './thread-session.js';

/** Compares cells on another thread. @returns what a `DifferenceReader` reads */
export async function compareOnThread(
  thread: RangeThread,
  id: number,
  batch: CellBatch,
): Promise<Uint8Array> {
  const mailbox = new Mailbox();
  thread.enter(id, mailbox);
  try {
    thread.post({ session: id, kind: 'compare', batch }, []);
    const message = await mailbox.next();
    if (message.kind === 'failed') throw errorOf(message);
    if (message.kind === 'compared') return message.differences;
    throw new InvariantError(`a comparison was told ${message.kind}`);
  } finally {
    thread.leave(id);
  }
}
