import { BRANCH_STREAM_PREFIX } from '../../../src/domain/branch/branch.stream.js';
import type { EventContext, EventLog, StreamAppend } from '../../../src/ports/event-log.js';
import { seed } from '../../support/seed.js';
import { ForwardingLog } from './forwarding-log.js';

/** Interleavings in which a defect must have shown. */
const RUNS_MAX = 4_000;

const changing =
  (change: (appends: readonly StreamAppend[]) => readonly StreamAppend[]) => (log: EventLog) =>
    new (class extends ForwardingLog {
      override append(appends: readonly StreamAppend[], context: EventContext) {
        return this.log.append(change(appends), context);
      }
    })(log);

export const withoutGuard = changing((appends) =>
  appends.map(({ stream, expected, events, mark, behind }) => ({
    stream,
    expected,
    events,
    ...(mark && { mark }),
    ...(behind && { behind }),
  })),
);

/** What is appended beside a request's writes, and says that they are made. */
export const withoutEffect = changing((appends) => appends.filter((append) => !isEffect(append)));

/** The same of what is accepted by a branch. */
export const withoutAcceptance = changing((appends) =>
  appends.filter((append) => !isEffect(append, BRANCH_STREAM_PREFIX)),
);

const isEffect = ({ events }: StreamAppend, inStreams = ''): boolean =>
  events.some(
    ({ type, data }) =>
      type === 'RequestTookEffect' && String(data['stream']).startsWith(inStreams),
  );

/** Returns how the first interleaving fails in which a defect shows; undefined: in none. */
export async function firstFault(run: (at: number) => Promise<unknown>): Promise<unknown> {
  for (let at = seed; at < seed + RUNS_MAX; at++) {
    const fault = await run(at).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (fault !== undefined) return fault;
  }
  return undefined;
}
