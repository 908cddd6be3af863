import { BeginRequest, BeginRequestHandler } from '../../../src/commands/repeats/begin-request.js';
import { RecordAnswer, RecordAnswerHandler } from '../../../src/commands/repeats/record-answer.js';
import type { Request } from '../../../src/commands/request.js';
import type { CommandId, UserId } from '../../../src/domain/model.js';
import type { Secrets } from '../../../src/ports/secrets.js';
import { UnknownOutcome, WrongExpectedRevision } from '../../../src/ports/store-errors.js';
import type { Node } from './node.js';

export const sealsNothing = {
  derive: () => new Uint8Array(32),
  seal: (text: string) => text,
  open: (text: string) => text,
} as Partial<Secrets> as Secrets;

/** What an attempt came to. */
export interface Said {
  readonly isRefusal: boolean;
  readonly text: string;
}

/**
 * Takes a request under the key as an edge does: begins it, does it, keeps the answer.
 *
 * @param attempt  no other attempt's
 * @param act  undefined: it came to nothing that is kept
 * @returns what its caller is told: what is kept; undefined: to ask again
 */
export async function atEdge(
  { streams, ports }: Node,
  attempt: string,
  act: (request: Request) => Promise<Said | undefined>,
): Promise<{ readonly id: CommandId; readonly text: string } | undefined> {
  const caller = { user: 'ann' as UserId, requestId: attempt };
  const keyed = { key: 'key', content: ['it'], attemptId: attempt as CommandId };
  const begin = new BeginRequestHandler(streams, sealsNothing, ports.clock);
  const record = new RecordAnswerHandler(streams, sealsNothing, ports.log, ports.clock);
  try {
    const { request, answer } = await begin.execute(new BeginRequest(caller, keyed));
    const id = request.commandId;
    if (answer) return { id, text: answer.body };
    const said = await act(request);
    if (said === undefined) return undefined;
    const own = { status: said.isRefusal ? 400 : 200, body: said.text, upload: undefined };
    const kept = await record.execute(new RecordAnswer(request, own));
    return kept.status === 503 ? undefined : { id, text: kept.body };
  } catch (error) {
    // Answered meanwhile: its caller is told to ask again, and then what was kept.
    const isOver = error instanceof WrongExpectedRevision && error.stream.startsWith('request-');
    if (!isOver && !(error instanceof UnknownOutcome)) throw error;
    return undefined;
  }
}
