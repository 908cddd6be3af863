import type { RequestListener, Server } from 'node:http';

/** Puts something around whoever answers a server's requests, in front of all that is there. */
export function aroundRequests(
  server: Server,
  around: (answer: RequestListener) => RequestListener,
): void {
  const listeners = server.listeners('request') as RequestListener[];
  server.removeAllListeners('request');
  for (const answer of listeners) server.on('request', around(answer));
}
