import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';

/** How many requests of one connection may be in before the answers to those ahead of them are. */
export const AHEAD_MAX = 100;

/**
 * Hands on the requests of a connection one behind the other, each when those sent before it are
 * answered. Node tells of them as soon as they are in, and a read that was sent behind a write
 * would overtake it; two writes of one object would end in either order.
 *
 * @param answer  answers a request whose turn it is
 * @returns answers all of them; a client that sends more than {@link AHEAD_MAX} ahead is cut off
 */
export function inTurn(answer: RequestListener): RequestListener {
  const held = new WeakMap<Socket, number>();
  return (request, response) => {
    // An answer has its socket from the start, unless another goes out there before it.
    if (response.socket !== null) return answer(request, response);
    const { socket } = request;
    const count = (held.get(socket) ?? 0) + 1;
    if (count > AHEAD_MAX) return void socket.destroy();
    held.set(socket, count);
    response.once('socket', () => {
      held.set(socket, (held.get(socket) ?? count) - 1);
      answer(request, response);
    });
  };
}
