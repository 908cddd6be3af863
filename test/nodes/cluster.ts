import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Node } from '../rolling/node.js';
import { CuttingProxy } from '../support/cutting-proxy.js';
import { Calls } from './calls.js';

/** Where a Postgres listens, and a database of it that is empty. */
export interface Place {
  /** The folder of its socket. */
  readonly socketFolder: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
}

/** A server of its own process, with what stands between it and the database. */
export interface Member {
  readonly node: Node;
  readonly calls: Calls;
  readonly proxy: CuttingProxy;
}

/** Servers on one Postgres and one folder of objects, each behind a proxy to the database. */
export class Cluster {
  private constructor(
    readonly members: readonly Member[],
    private readonly folder: string,
  ) {}

  /** @param environment  of all of them, beside what they need */
  static async start(
    place: Place,
    count: number,
    environment: Record<string, string> = {},
  ): Promise<Cluster> {
    const folder = await mkdtemp(join(tmpdir(), 'moraine-nodes-'));
    const members: Member[] = [];
    for (let at = 0; at < count; at++) {
      const proxy = new CuttingProxy(join(place.socketFolder, `.s.PGSQL.${place.port}`));
      const port = await proxy.listen();
      const url = `postgres://${place.user}@127.0.0.1:${port}/${place.database}`;
      const node = await Node.at({
        MORAINE_DATABASE_URL: url,
        MORAINE_DATA: folder,
        MORAINE_SECRET_KEY: 'one secret key for all nodes',
        ...environment,
      });
      members.push({ node, proxy, calls: new Calls(node) });
    }
    const cluster = new Cluster(members, folder);
    try {
      // The first one brings the database to its schema, and sets up.
      for (const { node } of members) await node.start();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  member(at: number): Member {
    const found = this.members[at % this.members.length];
    if (!found) throw new Error('a cluster has a node');
    return found;
  }

  async stop(): Promise<void> {
    for (const { node, calls, proxy } of this.members) {
      calls.close();
      await node.stop('SIGKILL');
      await proxy.close();
    }
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
