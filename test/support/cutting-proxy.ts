import { createServer, connect, type Server, type Socket } from 'node:net';

/** Which way the bytes go that are counted. */
export type Way = 'toServer' | 'toClient';

/**
 * Hands bytes between a client and a server on a socket, and cuts the connection after as many
 * bytes as it was told: those before go through, those behind never arrive.
 */
export class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #clients = new Set<Socket>();
  #cut: { way: Way; bytesLeft: number } | undefined;
  #cutCount = 0;
  #isRefusing = false;

  /** @param target  of the server: its Unix socket's path, or its port on this machine */
  constructor(target: string | number) {
    this.#server = createServer((client) => {
      if (this.#isRefusing) {
        client.destroy();
        return;
      }
      const server = typeof target === 'number' ? connect(target, '127.0.0.1') : connect(target);
      this.#clients.add(client);
      client.on('close', () => this.#clients.delete(client));
      for (const socket of [client, server]) {
        this.#sockets.add(socket);
        // A cut is an error to both ends, and meant.
        socket.on('error', () => undefined);
        socket.on('close', () => this.#sockets.delete(socket));
      }
      client.on('data', (bytes) => this.#hand(bytes, { way: 'toServer', client, server }));
      server.on('data', (bytes) => this.#hand(bytes, { way: 'toClient', client, server }));
      client.on('close', () => server.end());
      server.on('close', () => client.end());
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  /** Cuts once, after so many more bytes that way. */
  cutAfter(bytes: number, way: Way): void {
    this.#cut = { way, bytesLeft: bytes };
  }

  /** Takes every client its connection; the server is told, and may not listen. */
  dropClients(): void {
    for (const client of this.#clients) client.destroy();
  }

  /** Leaves every connection whole from here on. */
  leaveWhole(): void {
    this.#cut = undefined;
  }

  /** Lets nobody in from here on, or everybody again. */
  refuse(isRefusing: boolean): void {
    this.#isRefusing = isRefusing;
  }

  get cutCount(): number {
    return this.#cutCount;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #hand(bytes: Buffer, of: { way: Way; client: Socket; server: Socket }): void {
    const target = of.way === 'toServer' ? of.server : of.client;
    const cut = this.#cut;
    if (cut?.way !== of.way || bytes.length <= cut.bytesLeft) {
      if (cut?.way === of.way) cut.bytesLeft -= bytes.length;
      target.write(bytes);
      return;
    }
    this.#cut = undefined;
    this.#cutCount++;
    // To the server the bytes before the cut arrive; then both ends find the connection gone.
    target.end(bytes.subarray(0, cut.bytesLeft), () => {
      of.client.destroy();
      of.server.destroy();
    });
  }
}
