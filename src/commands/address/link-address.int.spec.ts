import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { nodeOn, type TestMoraine } from '../../../test/support/moraine.js';
import { freshDatabase, type TestDatabase } from '../../../test/support/postgres.js';
import type { BranchId, ObjectPath, RepositoryId, StorageNamespace } from '../../domain/model.js';
import { DiffBranch } from '../../queries/diff-branch.js';
import { StatObject } from '../../queries/stat-object.js';
import { onFailpoint } from '../../shared/failpoint.js';
import { AbortMultipart } from '../multipart/abort-multipart.js';
import { CompleteMultipart } from '../multipart/complete-multipart.js';
import { StartMultipart } from '../multipart/start-multipart.js';
import { StorePart } from '../multipart/store-part.js';
import { CreateRepository } from '../repository/create-repository.js';
import { IssueAddress } from './issue-address.js';
import { LinkAddress } from './link-address.js';
import { StoreBlock } from './store-block.js';

const repository = 'lake' as RepositoryId;
const branch = 'main' as BranchId;
const MD5 = '5d41402abc4b2a76b9719d911017c592';
const body = () => Readable.from([Buffer.from('hello')]) as AsyncIterable<Uint8Array>;

let database: TestDatabase;
let folder: string;
let nodes: TestMoraine[];
const [first, second] = [() => nodes[0] as TestMoraine, () => nodes[1] as TestMoraine];

beforeAll(async () => {
  database = await freshDatabase();
  folder = await mkdtemp(join(tmpdir(), 'moraine-link-'));
  const on = { connection: database.connection, folder };
  nodes = [await nodeOn(on), await nodeOn(on)];
  const wish = {
    name: repository,
    namespace: 'local://lake' as StorageNamespace,
    defaultBranch: branch,
    isReadOnly: false,
    isBare: false,
  };
  await first().execute(new CreateRepository(wish, first().newRequest()));
}, 60_000);
afterAll(async () => {
  for (const node of nodes) await node.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});
afterEach(() => onFailpoint(undefined));

const link = (node: TestMoraine, path: ObjectPath, physicalAddress: string) =>
  node.execute(
    new LinkAddress(
      repository,
      branch,
      {
        path,
        physicalAddress,
        checksum: MD5,
        sizeBytes: 5,
        modifiedAtMs: undefined,
        contentType: '',
        metadata: [],
        condition: undefined,
        isForced: false,
      },
      node.newRequest(),
    ),
  );
const linksOf = async (address: string) =>
  first().adapters.log.read(`address-${await uid()}-${address.slice(address.indexOf('data/'))}`, {
    from: 0,
    direction: 'forward',
    limit: 10,
  });
async function uid(): Promise<string> {
  const [event] = await first().adapters.log.read(`repository-${repository}`, {
    from: 0,
    direction: 'forward',
    limit: 1,
  });
  return (event?.data as { repository?: { uid: string } } | undefined)?.repository?.uid ?? '';
}

describe('on two nodes over one database', () => {
  it('an address that both link at once is linked once, and both say the same', async () => {
    for (let round = 0; round < 8; round++) {
      const path = `both/${round}` as ObjectPath;
      const address = await first().execute(new IssueAddress(repository, branch, path));
      await second().execute(new StoreBlock(address, body()));
      const entries = await Promise.all(
        [first(), second(), first(), second()].map((node) => link(node, path, address)),
      );
      for (const entry of entries) expect(entry).toEqual(entries[0]);
      expect(await linksOf(address)).toHaveLength(1);
    }
  });

  it('a link whose answer is lost was done, and is answered when asked for again', async () => {
    const path = 'lost' as ObjectPath;
    const address = await first().execute(new IssueAddress(repository, branch, path));
    await first().execute(new StoreBlock(address, body()));
    onFailpoint(async (name) => {
      if (name === 'write.afterAppend') throw new Error('the connection is gone');
    });
    await expect(link(first(), path, address)).rejects.toThrow('the connection is gone');
    onFailpoint(undefined);
    const { entry } = await first().ask(new StatObject(repository, branch, path));
    expect(await link(second(), path, address)).toEqual(entry);
    expect(await linksOf(address)).toHaveLength(1);
  });

  it('a link that was cut off before it was written leaves its address unused', async () => {
    const path = 'cut' as ObjectPath;
    const address = await first().execute(new IssueAddress(repository, branch, path));
    await first().execute(new StoreBlock(address, body()));
    onFailpoint(async (name) => {
      if (name === 'write.beforeAppend') throw new Error('killed');
    });
    await expect(link(first(), path, address)).rejects.toThrow('killed');
    onFailpoint(undefined);
    expect(await linksOf(address)).toEqual([]);
    await link(second(), path, address);
    expect(await linksOf(address)).toHaveLength(1);
  });

  it('an upload in parts that one gives up and the other completes is one of both', async () => {
    const outcomes = new Set<string>();
    for (let round = 0; round < 10; round++) {
      const path = `parts/${round}` as ObjectPath;
      const begun = await first().execute(
        new StartMultipart(repository, branch, path, first().newRequest()),
      );
      const { uploadId, physicalAddress } = begun;
      const part = { ...begun, partNumber: 1 };
      await second().execute(new StorePart(part, body(), second().newRequest()));
      const upload = { repository, branch, path, uploadId, physicalAddress };
      const object = { parts: [{ partNumber: 1, md5: MD5 }], contentType: '', metadata: [] };
      const complete = (node: TestMoraine) =>
        node.execute(new CompleteMultipart(upload, object, node.newRequest()));
      const abort = new AbortMultipart(upload, first().newRequest());
      const [one, other, given] = await Promise.allSettled([
        complete(first()),
        complete(second()),
        first().execute(abort),
      ]);
      const found = await first()
        .ask(new StatObject(repository, branch, path))
        .then(
          () => 'there',
          () => 'not there',
        );
      expect(one.status).toBe(other.status);
      expect([found, given.status]).toEqual(
        one.status === 'fulfilled' ? ['there', 'rejected'] : ['not there', 'fulfilled'],
      );
      outcomes.add(found);
    }
    expect(outcomes.size).toBeGreaterThan(0);
  });

  it.each(['write.beforeAppend', 'write.afterAppend'] as const)(
    'an upload in parts that is cut off at %s is completed by who asks again, as it was sealed',
    async (cut) => {
      const path = `sealed/${cut}` as ObjectPath;
      const begun = await first().execute(
        new StartMultipart(repository, branch, path, first().newRequest()),
      );
      const { uploadId, physicalAddress } = begun;
      await first().execute(
        new StorePart({ ...begun, partNumber: 1 }, body(), first().newRequest()),
      );
      const upload = { repository, branch, path, uploadId, physicalAddress };
      const complete = (node: TestMoraine, md5: string) => {
        const object = { parts: [{ partNumber: 1, md5 }], contentType: '', metadata: [] };
        return node.execute(new CompleteMultipart(upload, object, node.newRequest()));
      };
      onFailpoint(async (name) => {
        if (name === cut) throw new Error('killed');
      });
      await expect(complete(first(), MD5)).rejects.toThrow('killed');
      onFailpoint(undefined);
      await expect(complete(second(), 'f'.repeat(32))).rejects.toThrow('upload not found');
      const entry = await complete(second(), MD5);
      expect(await first().ask(new StatObject(repository, branch, path))).toMatchObject({ entry });
      expect(await complete(first(), MD5)).toEqual(entry);
    },
  );

  it('nothing is staged that nobody was told of', async () => {
    const page = { after: '', amount: 1000 };
    const filter = { prefix: 'both/', delimiter: '' };
    const { items } = await second().ask(new DiffBranch(repository, branch, page, filter));
    expect(items.map(({ path }) => path)).toEqual(
      Array.from({ length: 8 }, (_, round) => `both/${round}`),
    );
  });
});
