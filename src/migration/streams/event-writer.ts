import { LOAD_EVENTS_MAX, type EventLoader, type PreparedLoad } from '../../ports/event-loader.js';
import type { EventLog, RecordedEvent } from '../../ports/event-log.js';
import { UnknownOutcome } from '../../ports/store-errors.js';
import { toAppends, toWaves } from './to-append.js';
import { writeAppends } from './write-appends.js';

export interface WriterOptions {
  /** Events of one append, at most. */
  readonly eventsPerAppend: number;
  /**
   * Streams may be written side by side, which is faster where an append is a call of its own:
   * objects that were staged at about the same time may come in another order.
   */
  readonly isSideBySide?: boolean;
  /** Takes all that follows on what the log has. */
  readonly loader?: EventLoader | undefined;
}

/** Writes recorded events into a log, in their order. */
export interface EventWriter {
  /** Resolves when there is room for more; what was written before may be under way still. */
  write(events: readonly RecordedEvent[]): Promise<void>;
  /** Resolves when everything is written. */
  end(): Promise<void>;
}

/**
 * @param onKnown  hears of events that were there before
 * @throws NotOfThisArchive  from either call: the log has other events where these would stand
 */
export function eventWriter(
  log: EventLog,
  options: WriterOptions,
  onKnown: (eventCount: number) => void,
): EventWriter {
  const { eventsPerAppend, isSideBySide, loader } = options;
  if (loader) return new LoadingWriter({ log, loader, eventsPerAppend, onKnown });
  return {
    async write(events) {
      const waves = isSideBySide
        ? toWaves(events, eventsPerAppend)
        : [[toAppends(events, eventsPerAppend)]];
      for (const chains of waves) {
        const writing = chains.map(async (chain) => onKnown(await writeAppends(log, chain)));
        // All of them, also when one fails: nothing is under way behind an error.
        await Promise.allSettled(writing);
        await Promise.all(writing);
      }
    },
    end: async () => undefined,
  };
}

/** Loads, and makes the next events ready meanwhile. What a load leaves to the log is appended. */
class LoadingWriter implements EventWriter {
  #last: Promise<void> = Promise.resolve();

  constructor(
    private readonly of: {
      readonly log: EventLog;
      readonly loader: EventLoader;
      readonly eventsPerAppend: number;
      readonly onKnown: (eventCount: number) => void;
    },
  ) {}

  async write(events: readonly RecordedEvent[]): Promise<void> {
    for (let at = 0; at < events.length; at += LOAD_EVENTS_MAX) {
      const some = events.slice(at, at + LOAD_EVENTS_MAX);
      const prepared = this.of.loader.prepare(toAppends(some, LOAD_EVENTS_MAX));
      const before = this.#last;
      this.#last = this.#writeBehind(before, prepared, some);
      // Heard when its turn comes.
      this.#last.catch(() => undefined);
      await before;
    }
  }

  end(): Promise<void> {
    return this.#last;
  }

  async #writeBehind(
    before: Promise<void>,
    prepared: PreparedLoad | undefined,
    events: readonly RecordedEvent[],
  ): Promise<void> {
    await before;
    if (prepared && (await this.#isLoaded(prepared))) return;
    const { log, eventsPerAppend, onKnown } = this.of;
    const last = events.at(-1);
    // They go in one behind the other: with the last of them all are in.
    const areKnown = last && (await log.find(last.stream, last.id)) !== undefined;
    if (areKnown) onKnown(events.length);
    else onKnown(await writeAppends(log, toAppends(events, eventsPerAppend)));
  }

  async #isLoaded(prepared: PreparedLoad): Promise<boolean> {
    try {
      return await this.of.loader.load(prepared);
    } catch (error) {
      // An append knows its events again.
      if (error instanceof UnknownOutcome) return false;
      throw error;
    }
  }
}
