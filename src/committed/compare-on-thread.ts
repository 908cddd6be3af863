import { InvariantError } from '../shared/assert.js';
import type { CellBatch } from './compare-codec.js';
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
    // Copies of what is short, and may be a part of a larger buffer; the cells go as they are.
    const { until } = batch;
    const from = new Uint8Array(batch.from);
    const own = { ...batch, from, until: until && new Uint8Array(until) };
    thread.post({ session: id, kind: 'compare', batch: own }, [own.cells.buffer as ArrayBuffer]);
    const message = await mailbox.next();
    if (message.kind === 'failed') throw errorOf(message);
    if (message.kind === 'compared') return message.differences;
    throw new InvariantError(`a comparison was told ${message.kind}`);
  } finally {
    thread.leave(id);
  }
}
