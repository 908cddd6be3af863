import {
  RESTATED_BYTES_MAX,
  RESTATED_MAX,
  type Restatement,
} from '../../domain/branch/branch.events.js';
import type { IntentId, StagingToken } from '../../domain/model.js';
import type { StagingEvent } from '../../domain/staging/staging.events.js';
import { stagingStream } from '../../domain/staging/staging.stream.js';
import type { EventContext, EventLog } from '../../ports/event-log.js';
import { WrongExpectedRevision } from '../../ports/store-errors.js';
import { failpoint } from '../../shared/failpoint.js';
import { newEvent } from '../new-events.js';

/**
 * Writes what an undo brings back to a token that nobody reads yet.
 *
 * Every node that completes the undo writes the same events, each at its own revision: what stands
 * there is passed over, so after a crash another node goes on where the first one stopped, and two
 * at once write nothing twice. Behind the closing event nothing is written.
 */
export class FilledToken {
  readonly #stream: string;
  #revision = 0;
  /** As the stream was when it was looked at last. */
  #end: { readonly revision: number; readonly isClosed: boolean } | undefined;

  constructor(
    private readonly log: EventLog,
    token: StagingToken,
    private readonly of: { readonly intentId: IntentId; readonly context: EventContext },
  ) {
    this.#stream = stagingStream(token);
  }

  /**
   * Returns how many words there are, when all of them stand in the log and the token is closed.
   *
   * @param words  ascending; the same for every node
   * @param mustBe  else a token without words is not written at all
   */
  async fill(words: AsyncIterable<Restatement>, mustBe: boolean): Promise<number> {
    let count = 0;
    let batch: Restatement[] = [];
    let bytes = 0;
    const say = async () => {
      if (this.#revision === 0) await this.#write({ type: 'TokenOpened' });
      if (batch.length > 0) await this.#write({ type: 'WordsRestored', words: batch });
      batch = [];
      bytes = 0;
    };
    for await (const word of words) {
      count++;
      bytes += Buffer.byteLength(JSON.stringify(word));
      if (batch.push(word) >= RESTATED_MAX || bytes >= RESTATED_BYTES_MAX) await say();
    }
    if (count === 0 && !mustBe) return 0;
    await say();
    await this.#write({ type: 'TokenClosed', request: undefined });
    return count;
  }

  async #write(event: StagingEvent): Promise<void> {
    const revision = this.#revision++;
    this.#end ??= await this.log.end(this.#stream);
    if (this.#end.isClosed || this.#end.revision >= revision) return;
    const { intentId, context } = this.of;
    const events = [newEvent(event, intentId, `fill-${revision}`)];
    await failpoint('undo.beforeWords');
    try {
      await this.log.append([{ stream: this.#stream, expected: revision - 1, events }], context);
    } catch (error) {
      if (!(error instanceof WrongExpectedRevision)) throw error;
      // Another node was there first, with the same.
      this.#end = await this.log.end(this.#stream);
      if (this.#end.revision < revision) throw error;
    }
    await failpoint('undo.afterWords');
  }
}
