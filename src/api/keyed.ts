import type { Answer } from '../commands/repeats/answer.js';
import type { BegunRequest } from '../commands/repeats/begin-request.js';

/** A request with an `Idempotency-Key`: what the log knows of it, and how its answer is kept. */
export interface KeyedRequest extends BegunRequest {
  /** Of a body that was streamed in and is stored now. */
  upload: Answer['upload'];
  record(answer: Answer): Promise<Answer>;
}
