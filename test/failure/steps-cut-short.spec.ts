import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Command } from '@nestjs/cqrs';
import type { Adapters } from '../../src/app/adapters.module.js';
import { IssueAddress } from '../../src/commands/address/issue-address.js';
import { LinkAddress } from '../../src/commands/address/link-address.js';
import { CompleteMultipart } from '../../src/commands/multipart/complete-multipart.js';
import { StartMultipart } from '../../src/commands/multipart/start-multipart.js';
import { StorePart } from '../../src/commands/multipart/store-part.js';
import { UnstageObjects } from '../../src/commands/object/unstage-objects.js';
import { CreateRepository } from '../../src/commands/repository/create-repository.js';
import type { Request } from '../../src/commands/request.js';
import { DomainError } from '../../src/domain/errors.js';
import type {
  BranchId,
  ObjectPath,
  RepositoryId,
  StorageNamespace,
} from '../../src/domain/model.js';
import { MemoryEventLog } from '../../src/event-log/memory-event-log.js';
import { StepwiseEventLog } from '../../src/event-log/stepwise-event-log.js';
import { READ_EVENTS_MAX } from '../../src/ports/event-log.js';
import { StatObject } from '../../src/queries/stat-object.js';
import { assert } from '../../src/shared/assert.js';
import { utf8 } from '../../src/shared/bytes.js';
import { MemorySingleStreams } from '../support/memory-single-streams.js';
import { inMemory, type TestMoraine } from '../support/moraine.js';

const lake = 'lake' as RepositoryId;
const main = 'main' as BranchId;
const plain = { contentType: '', metadata: [] };
/** More than any of them takes. */
const STEPS_MAX = 20;

class Died extends Error {
  override readonly name = 'Died';
}

/** Streams of which one node's k-th append is its last; it lands, or does not. */
class DyingStreams extends MemorySingleStreams {
  appendsLeft = Number.POSITIVE_INFINITY;
  isLanding = false;

  override async appendAt(...what: Parameters<MemorySingleStreams['appendAt']>) {
    if (--this.appendsLeft >= 0) return super.appendAt(...what);
    if (this.appendsLeft === -1 && this.isLanding) await super.appendAt(...what);
    throw new Died('the node is dead');
  }
}

/** Two nodes on a log of steps, of which the first one dies. */
class TwoNodes {
  readonly dying: DyingStreams;

  private constructor(
    readonly first: TestMoraine,
    readonly second: TestMoraine,
    dying: DyingStreams | undefined,
  ) {
    assert(dying, 'the first node has a log');
    this.dying = dying;
  }

  static async open(): Promise<TwoNodes> {
    let shared: Adapters | undefined;
    let dying: DyingStreams | undefined;
    const first = await inMemory((own) => {
      shared = own;
      assert(own.log instanceof MemoryEventLog, 'it is in memory');
      dying = new DyingStreams(own.log);
      return { ...own, log: new StepwiseEventLog({ store: dying }) };
    });
    const second = await inMemory((own) => {
      assert(shared?.log instanceof MemoryEventLog, 'it is in memory');
      const store = new MemorySingleStreams(shared.log);
      return { ...(shared ?? own), log: new StepwiseEventLog({ store }) };
    });
    const wish = { name: lake, namespace: 'local://lake' as StorageNamespace, defaultBranch: main };
    const command = { ...wish, isReadOnly: false, isBare: false };
    await second.execute(new CreateRepository(command, second.newRequest()));
    return new TwoNodes(first, second, dying);
  }

  /** How often the path was staged. */
  async stagedCount(path: string): Promise<number> {
    const events = await this.second.adapters.log.readAll({ after: 0, limit: READ_EVENTS_MAX });
    return events.filter(({ type, data }) => type === 'ObjectStaged' && data['path'] === path)
      .length;
  }

  async checksum(path: ObjectPath): Promise<string | undefined> {
    try {
      return (await this.second.ask(new StatObject(lake, main, path))).entry.checksum;
    } catch (error) {
      if (error instanceof DomainError && error.code === 'object_not_found') return undefined;
      throw error;
    }
  }
}

async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  yield utf8(text);
}

/** Returns what is asked: the same, each time, but for who asks. */
type Prepared = (nodes: TwoNodes, path: ObjectPath) => Promise<Ask>;
type Ask = (request: Request) => Command<unknown>;

const linking: Prepared = async ({ second }, path) => {
  const physicalAddress = await second.execute(new IssueAddress(lake, main, path));
  const more = { modifiedAtMs: undefined, condition: undefined, isForced: false };
  const link = { path, physicalAddress, checksum: 'linked', sizeBytes: 6, ...plain, ...more };
  return (request) => new LinkAddress(lake, main, link, request);
};

const completing: Prepared = async ({ second }, path) => {
  const start = new StartMultipart(lake, main, path, second.newRequest());
  const { uid, uploadId, physicalAddress } = await second.execute(start);
  const store = new StorePart({ uid, uploadId, partNumber: 1 }, bodyOf('a'), second.newRequest());
  const { md5 } = await second.execute(store);
  const upload = { repository: lake, branch: main, path, uploadId, physicalAddress };
  const object = { parts: [{ partNumber: 1, md5 }], ...plain };
  return (request) => new CompleteMultipart(upload, object, request);
};

describe.each([
  ['a link of an address', linking],
  ['the completion of an upload in parts', completing],
])('%s whose node dies between its steps', (_, prepared) => {
  let nodes: TwoNodes;
  let count = 0;

  beforeAll(async () => {
    nodes = await TwoNodes.open();
  });

  /** @returns false: it came through with fewer appends */
  async function dies(command: Command<unknown>, at: number, isLanding: boolean): Promise<boolean> {
    const { dying, first } = nodes;
    Object.assign(dying, { appendsLeft: at, isLanding });
    try {
      await first.execute(command);
      return false;
    } catch (error) {
      expect(error).toMatchObject({ name: 'Died' });
      return true;
    } finally {
      dying.appendsLeft = Number.POSITIVE_INFINITY;
    }
  }

  it.each([
    ['before it landed', 'the same request', false, true],
    ['behind it', 'the same request', true, true],
    ['before it landed', 'another request', false, false],
    ['behind it', 'another request', true, false],
  ])('%s, is done once when %s comes to another node', async (_when, _who, isLanding, isSame) => {
    const { first, second } = nodes;
    let deaths = 0;
    for (; deaths < STEPS_MAX; deaths++) {
      const path = `object-${count++}` as ObjectPath;
      const ask = await prepared(nodes, path);
      const request = first.newRequest();
      if (!(await dies(ask(request), deaths, isLanding))) break;
      await second.execute(ask(isSame ? request : second.newRequest()));
      const seen = [deaths, await nodes.stagedCount(path), typeof (await nodes.checksum(path))];
      expect(seen).toEqual([deaths, 1, 'string']);
      // Whoever asks once more is told the same, and nothing happens.
      await second.execute(ask(second.newRequest()));
      expect(await nodes.stagedCount(path)).toBe(1);
    }
    expect(deaths).toBeGreaterThan(2);
    expect(deaths).toBeLessThan(STEPS_MAX);
  });

  it('does not bring back what was deleted since', async () => {
    const { first, second } = nodes;
    let hasDied = true;
    for (let at = 0; at < STEPS_MAX && hasDied; at++) {
      const path = `object-${count++}` as ObjectPath;
      const ask = await prepared(nodes, path);
      const request = first.newRequest();
      hasDied = await dies(ask(request), at, true);
      const wasThere = (await nodes.checksum(path)) !== undefined;
      const options = { isForced: false };
      await second.execute(new UnstageObjects(lake, main, [path], options, second.newRequest()));
      await second.execute(ask(request));
      expect([at, (await nodes.checksum(path)) === undefined]).toEqual([at, wasThere]);
    }
    expect(hasDied).toBe(false);
  });
});
