import type { EventFilter } from './event-filter.js';
import type { EventForm, Links } from './links.js';
import { PageSize, type Pages } from './pages.js';
import type { ReadResp } from './protocol/messages.js';
import type { ServedEvent } from './served-event.js';

export interface AllRead {
  /** A position: a read forwards begins with it, one backwards before it; `Infinity`: the end. */
  readonly from: number;
  readonly direction: 'forward' | 'backward';
  readonly wanted: number;
  readonly filter?: EventFilter;
  readonly form: EventForm;
}

/** Reads the whole log: all that was ever appended, whatever streams were deleted since. */
export class ReadAll {
  constructor(
    private readonly pages: Pages,
    private readonly links: Links,
  ) {}

  async *answers(read: AllRead): AsyncGenerator<ReadResp> {
    let { wanted } = read;
    if (wanted === 0) return;
    for await (const event of this.#events(read)) {
      if (read.filter?.takes(event) === false) continue;
      yield { event: await this.links.eventOf(event, read.form) };
      if (--wanted === 0) return;
    }
  }

  async *#events({ from, direction }: AllRead): AsyncGenerator<ServedEvent> {
    if (direction === 'backward') {
      const end = (await this.pages.last()) + 1;
      for await (const page of this.pages.before(Math.min(from, end))) yield* page;
      return;
    }
    // Nothing is behind the end.
    if (from >= Number.MAX_SAFE_INTEGER) return;
    const size = new PageSize();
    // What is appended while this reads is no part of it, or a read might never end.
    const last = await this.pages.last(Math.max(0, from - 1));
    for (let after = Math.max(0, from - 1); after < last;) {
      const page = await this.pages.after(after, size);
      if (page.length === 0) return;
      for (const event of page) {
        if (event.position > last) return;
        yield event;
      }
      after = page.at(-1)?.position ?? last;
    }
  }
}
