import type { Outcome } from './appends.js';
import type { Appended, AppendResp } from './protocol/messages.js';
import { EMPTY, positionOf, U64_MAX } from './protocol/values.js';
import type { Wanted } from './proposed.js';

export const appendedOf = ({ revision, position }: Outcome & { kind: 'appended' }): Appended => ({
  ...(revision < 0 ? { noStream: EMPTY } : { currentRevision: revision }),
  ...(position === undefined ? { noPosition: EMPTY } : { position: positionOf(position) }),
});

/** Answers an append that came by itself; what older clients read stands beside newer fields. */
export function appendAnswer(outcome: Outcome, wanted: Wanted): AppendResp {
  if (outcome.kind === 'appended') return { success: appendedOf(outcome) };
  const current =
    outcome.actual < 0
      ? { currentNoStream: EMPTY, noStreamOld: EMPTY }
      : { currentRevision: outcome.actual, currentRevisionOld: outcome.actual };
  return { wrongExpectedVersion: { ...current, ...expectedBoth(wanted) } };
}

function expectedBoth(wanted: Wanted): object {
  if (typeof wanted === 'number') return { expectedRevision: wanted, expectedRevisionOld: wanted };
  if (wanted === 'any') return { expectedAny: EMPTY, anyOld: EMPTY };
  if (wanted === 'exists') return { expectedStreamExists: EMPTY, streamExistsOld: EMPTY };
  return { expectedNoStream: EMPTY, expectedRevisionOld: U64_MAX };
}
