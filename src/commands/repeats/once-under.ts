import type { UserId } from '../../domain/model.js';
import { requestDecider } from '../../domain/request/request.decider.js';
import { commandIdAt, requestStream } from '../../domain/request/request.stream.js';
import type { Clock } from '../../ports/clock.js';
import { assert } from '../../shared/assert.js';
import type { AggregateStreams } from '../aggregate-stream.js';
import { partOf, type Once, type Request } from '../request.js';

/** No caller is called so. */
const NOBODY = '' as UserId;

/**
 * Returns a request whose write to a branch lands once under a name of ours, whoever makes it and
 * however often: what follows from a decision that stands in another stream.
 */
export async function onceUnder(
  streams: AggregateStreams,
  clock: Clock,
  name: string,
  request: Request,
): Promise<Request & { readonly once: Once }> {
  const stream = requestStream(NOBODY, name);
  const command = { type: 'BeginRequest', fingerprint: '', nowMs: clock.nowMs() } as const;
  const step = { stream, decider: requestDecider, command, isLikelyNew: true } as const;
  const attempt = partOf(request, `once/${request.caller.requestId}`);
  const { events, state } = await streams.settle(step, attempt);
  assert(state.status === 'begun', 'what was begun is begun');
  const { begunAt, begunAtMs } = state;
  return {
    caller: request.caller,
    commandId: commandIdAt(stream, begunAt),
    once: { stream, begunAt, begunAtMs, isRepeat: events.length === 0 },
  };
}
