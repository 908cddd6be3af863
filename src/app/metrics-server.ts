import { createServer, type Server } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { listenAddress } from '../config/server.config.js';
import type { Metrics } from '../observability/metrics.js';
import { assert } from '../shared/assert.js';

const PATH = '/metrics';

/** Adds the page to the API's own server; like lakeFS's, it is open to whoever reaches it. */
export function addMetricsPage(server: FastifyInstance, metrics: Metrics): void {
  server.get(PATH, async (_request, reply) => {
    const text = await metrics.text();
    return reply.header('content-type', metrics.contentType).send(text);
  });
}

/** A server with that page alone, on an address of its own. */
export class MetricsServer {
  private constructor(private readonly server: Server) {}

  /** @throws a system error of `listen`, as EADDRINUSE */
  static async listen(place: string, metrics: Metrics): Promise<MetricsServer> {
    const address = listenAddress(place);
    assert(address, 'the configuration was validated');
    const server = createServer((request, response) => {
      const [path] = (request.url ?? '').split('?', 1);
      if (request.method !== 'GET' || path !== PATH) return void response.writeHead(404).end();
      metrics.text().then(
        (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(address.port, address.host, resolve);
    });
    return new MetricsServer(server);
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => void this.server.close(() => resolve()));
  }
}
