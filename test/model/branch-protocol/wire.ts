import type { AppendMark, EventContext, StreamAppend } from '../../../src/ports/event-log.js';

/** One call of `append`. */
export interface Sending {
  readonly appends: readonly StreamAppend[];
  readonly context: EventContext;
}

/** Whether something is sent before it is known what became of what it stands behind. */
export const isAhead = (sendings: readonly Sending[]): boolean =>
  sendings.some(({ appends }) => appends.some(({ behind }) => behind?.isAccepted === false));

/**
 * Calls as they go over the wire, together. What one of them stands behind is among them, or was
 * known when they were sent: what comes late knows no more. And who sent them knows what was
 * accepted when the answer is there, not when it lands.
 */
export class OnTheWire {
  readonly sendings: readonly Sending[];
  readonly #marks = new Map<AppendMark, AppendMark>();

  constructor(sendings: readonly Sending[]) {
    this.sendings = sendings.map(({ appends, context }) => ({
      appends: appends.map((append) => this.#copyOf(append)),
      context,
    }));
  }

  /** To be called when the answer has come. */
  heard(): void {
    for (const [mark, { isAccepted }] of this.#marks) if (isAccepted) mark.isAccepted = true;
  }

  #copyOf({ mark, behind, ...append }: StreamAppend): StreamAppend {
    const before = behind && (this.#marks.get(behind) ?? { ...behind });
    const own = mark && { isAccepted: false };
    if (mark && own) this.#marks.set(mark, own);
    return { ...append, ...(own && { mark: own }), ...(before && { behind: before }) };
  }
}
