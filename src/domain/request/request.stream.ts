import { eventIdOf } from '../event-id.js';
import type { CommandId, UserId } from '../model.js';

export const REQUEST_STREAM_PREFIX = 'request-';

/** Returns the stream of what a caller sends under a key; neither can be read from its name. */
export const requestStream = (user: UserId, key: string): string =>
  `${REQUEST_STREAM_PREFIX}${eventIdOf(`request/${Buffer.byteLength(user)}/${user}`, key)}`;

/**
 * Returns the command id of what began at a revision of a request's stream: the same for a repeat,
 * and another one for what comes under the same key after it was forgotten.
 */
export const commandIdAt = (stream: string, begunAt: number): CommandId =>
  eventIdOf(stream, begunAt) as string as CommandId;
