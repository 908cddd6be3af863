import type { Branches, BranchPlace } from '../commands/branch/branches.js';
import { tokenAt } from '../commands/branch/successor.js';
import type { StagingWriter } from '../commands/object/staging-writer.js';
import type { Request } from '../commands/request.js';
import { DomainError } from '../domain/errors.js';
import { eventIdOf } from '../domain/event-id.js';
import type { StagingEvent } from '../domain/staging/staging.events.js';
import { stagingStream } from '../domain/staging/staging.stream.js';
import type { EventLog } from '../ports/event-log.js';

const TRIES_MAX = 200;

/** Changes of one request that belong to one life of a branch. */
export interface StagedBatch {
  readonly life: number;
  /** At least one. */
  readonly events: readonly StagingEvent[];
}

/**
 * Stages changes once, whoever does it again and however much later: what users have written over
 * them since stands. Unlike a write under a key it is never forgotten that they landed.
 */
export class StageOnce {
  constructor(
    private readonly log: EventLog,
    private readonly branches: Branches,
    private readonly writer: StagingWriter,
  ) {}

  /**
   * Writes nothing to a branch whose life is over: whoever deleted it has deleted this with it.
   *
   * @throws DomainError  repository_not_found, protected_branch_write, store_busy
   */
  async stage(place: BranchPlace, batch: StagedBatch, request: Request): Promise<void> {
    const stage = () => this.#stage(place, batch, request);
    try {
      await this.writer.during(place, request, stage);
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'branch_not_found') throw error;
    }
  }

  async #stage(
    place: BranchPlace,
    { life, events }: StagedBatch,
    request: Request,
  ): Promise<readonly StagingEvent[]> {
    const first = eventIdOf(request.commandId, 0);
    const onSent = () => this.writer.wrote(place);
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const { state } = await this.branches.view(place);
      if (state.status === 'absent' || state.life !== life) return [];
      const { hi } = state.tokens;
      // These are closed, so what is not there will never be. The newest one knows its own events.
      for (let ordinal = 0; ordinal < hi; ordinal++) {
        const stream = stagingStream(tokenAt(place, state, ordinal));
        if (await this.log.find(stream, first)) return [];
      }
      if (hi >= 0) {
        const stream = stagingStream(tokenAt(place, state, hi));
        const written = await this.writer.append({ stream, events, onSent }, request);
        if (typeof written !== 'string') return written;
      }
      await this.writer.afterClose(place, hi, request);
    }
    throw new DomainError('store_busy');
  }
}
