import type { Answer } from '../../../src/commands/repeats/answer.js';
import {
  BeginRequest,
  BeginRequestHandler,
  type BegunRequest,
} from '../../../src/commands/repeats/begin-request.js';
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

type KeyedRequest = BegunRequest['request'];

/** Begins what comes under the key, once more or for the first time. */
export const beginAs = async (node: Node, attempt: string): Promise<KeyedRequest> =>
  (await begin(node, attempt)).request;

/** Keeps what an attempt is to be told; returns what it is told. */
export function recordAs(node: Node, request: KeyedRequest, answer: Answer): Promise<Answer> {
  const { streams, ports } = node;
  const handler = new RecordAnswerHandler(streams, sealsNothing, ports.log, ports.kv, ports.clock);
  return handler.execute(new RecordAnswer(request, answer));
}

function begin({ streams, ports }: Node, attempt: string): Promise<BegunRequest> {
  const handler = new BeginRequestHandler(streams, sealsNothing, ports.clock);
  const caller = { user: 'ann' as UserId, requestId: attempt };
  const keyed = { key: 'key', content: ['it'], attemptId: attempt as CommandId };
  return handler.execute(new BeginRequest(caller, keyed));
}

/**
 * Takes a request under the key as an edge does: begins it, does it, keeps the answer.
 *
 * @param attempt  no other attempt's
 * @param act  undefined: it came to nothing that is kept
 * @returns what its caller is told: what is kept; undefined: to ask again
 */
export async function atEdge(
  node: Node,
  attempt: string,
  act: (request: Request) => Promise<Said | undefined>,
): Promise<{ readonly id: CommandId; readonly text: string } | undefined> {
  try {
    const { request, answer } = await begin(node, attempt);
    const id = request.commandId;
    if (answer) return { id, text: answer.body };
    const said = await act(request);
    if (said === undefined) return undefined;
    const own = { status: said.isRefusal ? 400 : 200, body: said.text, upload: undefined };
    const kept = await recordAs(node, request, own);
    return kept.status === 503 ? undefined : { id, text: kept.body };
  } catch (error) {
    // Answered meanwhile: its caller is told to ask again, and then what was kept.
    const isOver = error instanceof WrongExpectedRevision && error.stream.startsWith('request-');
    if (!isOver && !(error instanceof UnknownOutcome)) throw error;
    return undefined;
  }
}
