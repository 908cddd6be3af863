import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { StorageNamespace } from '../../src/domain/model.js';
import type {
  BlockAddress,
  BlockSource,
  BlockStore,
  SourceBlock,
} from '../../src/ports/block-store.js';
import { AddressRefused, BlockNotFound, CorruptData } from '../../src/ports/store-errors.js';
import { compareUtf8, utf8 } from '../../src/shared/bytes.js';

const namespace = 'local://bucket/repo' as StorageNamespace;
const at = (key: string): BlockAddress => ({ namespace, key });

async function* bodyOf(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === 'string' ? utf8(chunk) : chunk;
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield utf8('half');
  throw new Error('client is gone');
}

async function read(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

async function keysOf(store: BlockStore, prefix = '', after = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(namespace, { prefix, after })) keys.push(key);
  return keys;
}

/** What every BlockStore does. Each test opens an empty one. */
export function blockStoreContract(name: string, open: () => Promise<BlockStore>): void {
  describe(`${name}, as a BlockStore`, () => {
    describe('storing', () => storing(open));
    describe('reading', () => reading(open));
    describe('copying', () => copying(open));
    describe('listing', () => listing(open));
    describe('addresses', () => addresses(open));
    describe('sources of an import', () => sources(open));
  });
}

function storing(open: () => Promise<BlockStore>): void {
  it('gives a body back, with its size and MD5', async () => {
    const store = await open();
    const stored = await store.put(at('data/s/x'), bodyOf('hel', '', 'lo'));
    expect(stored).toMatchObject({ sizeBytes: 5, md5: '5d41402abc4b2a76b9719d911017c592' });
    expect(await read(await store.get(at('data/s/x')))).toBe('hello');
    expect(await store.head(at('data/s/x'))).toMatchObject({ sizeBytes: 5 });
  });

  it('keeps an empty body', async () => {
    const store = await open();
    const stored = await store.put(at('empty'), bodyOf());
    expect(stored).toMatchObject({ sizeBytes: 0, md5: createHash('md5').digest('hex') });
    expect(await read(await store.get(at('empty')))).toBe('');
    expect(await store.getBytes(at('empty'), 0)).toHaveLength(0);
  });

  it('puts a body in place of an older one', async () => {
    const store = await open();
    await store.put(at('k'), bodyOf('a long first body'));
    await store.put(at('k'), bodyOf('second'));
    expect(await read(await store.get(at('k')))).toBe('second');
  });

  it('shows nothing of a body before its end', async () => {
    const store = await open();
    let seen: unknown = 'not asked';
    await store.put(
      at('k'),
      (async function* () {
        yield utf8('first half');
        seen = [await store.head(at('k')), await keysOf(store)];
        yield utf8('second half');
      })(),
    );
    expect(seen).toEqual([undefined, []]);
    expect(await keysOf(store)).toEqual(['k']);
  });

  it('leaves nothing of a body that breaks off, and the older one stands', async () => {
    const store = await open();
    await expect(store.put(at('new'), broken())).rejects.toThrow('client is gone');
    await store.put(at('old'), bodyOf('whole'));
    await expect(store.put(at('old'), broken())).rejects.toThrow('client is gone');
    expect(await keysOf(store)).toEqual(['old']);
    expect(await read(await store.get(at('old')))).toBe('whole');
  });

  it('keeps a body whose address nobody knows, and nothing of one that breaks off', async () => {
    const store = await open();
    const large = 'm'.repeat(300 * 1024);
    for (const [key, body] of [['small', 'hello'] as const, ['large', large] as const]) {
      const stored = await store.put(at(key), bodyOf(body), { isUntold: true });
      const md5 = createHash('md5').update(body).digest('hex');
      expect(stored).toMatchObject({ sizeBytes: body.length, md5 });
      expect(await read(await store.get(at(key)))).toBe(body);
    }
    await expect(store.put(at('new'), broken(), { isUntold: true })).rejects.toThrow('gone');
    expect(await keysOf(store)).toEqual(['large', 'small']);
  });

  it('lets exactly one of many win a free address', async () => {
    const store = await open();
    const bodies = Array.from({ length: 16 }, (_, index) => `writer ${index}`);
    const won = await Promise.all(
      bodies.map((body) => store.putIfAbsent(at('_lakefs/dummy'), utf8(body))),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
    const winner = bodies[won.indexOf(true)];
    expect(await read(await store.get(at('_lakefs/dummy')))).toBe(winner);
    expect(await keysOf(store)).toEqual(['_lakefs/dummy']);
  });

  it('stores one of several bodies at one new address, and says of each what it was', async () => {
    const store = await open();
    const bodies = ['first', 'second!', 'the third'];
    const said = await Promise.all(
      bodies.map((body) => store.putNew(at('data/s/x'), bodyOf(body))),
    );
    for (const [index, { sizeBytes, md5 }] of said.entries()) {
      const body = bodies[index] ?? '';
      expect([sizeBytes, md5]).toEqual([body.length, createHash('md5').update(body).digest('hex')]);
    }
    const winners = bodies.filter((_, index) => said[index]?.isNew);
    expect(winners).toHaveLength(1);
    expect(await read(await store.get(at('data/s/x')))).toBe(winners[0]);
    expect((await store.putNew(at('data/s/x'), bodyOf('late'))).isNew).toBe(false);
    expect(await read(await store.get(at('data/s/x')))).toBe(winners[0]);
  });

  it('leaves an address free when the new body breaks off', async () => {
    const store = await open();
    await expect(store.putNew(at('data/s/x'), broken())).rejects.toThrow('client is gone');
    expect(await store.head(at('data/s/x'))).toBeUndefined();
    expect((await store.putNew(at('data/s/x'), bodyOf('whole'))).isNew).toBe(true);
  });

  it('does not care how often a block is deleted', async () => {
    const store = await open();
    await store.put(at('a/b'), bodyOf('x'));
    await store.delete(at('a/b'));
    await store.delete(at('a/b'));
    await store.delete(at('never/there'));
    expect(await store.head(at('a/b'))).toBeUndefined();
    expect(await keysOf(store)).toEqual([]);
  });

  it('takes many bodies under one new prefix at once', async () => {
    const store = await open();
    const keys = Array.from({ length: 64 }, (_, index) => `data/slice/${index}`);
    await Promise.all(keys.map((key) => store.put(at(key), bodyOf(key))));
    expect(await keysOf(store)).toEqual(keys.sort(compareUtf8));
  });
}

function reading(open: () => Promise<BlockStore>): void {
  it('names what is not there', async () => {
    const store = await open();
    await store.put(at('folder/block'), bodyOf('x'));
    for (const key of ['missing', 'folder', 'folder/block/below', 'folder/missing']) {
      await expect(store.get(at(key))).rejects.toThrow(BlockNotFound);
      await expect(store.getBytes(at(key), 10)).rejects.toThrow(BlockNotFound);
      expect(await store.head(at(key))).toBeUndefined();
      await store.delete(at(key));
    }
    expect(await keysOf(store)).toEqual(['folder/block']);
  });

  it.each([10, 300_000])('reads ranges of %i bytes, both ends inclusive', async (sizeBytes) => {
    const store = await open();
    const body = Buffer.alloc(sizeBytes, '0123456789abcdef');
    await store.put(at('k'), bodyOf(body));
    for (const [start, end] of [
      [0, 0],
      [0, sizeBytes - 1],
      [3, 7],
      [sizeBytes - 1, sizeBytes - 1],
      [2, sizeBytes + 500],
    ] as const) {
      const part = await read(await store.get(at('k'), { start, end }));
      expect(part).toBe(body.subarray(start, end + 1).toString('latin1'));
    }
  });

  it('reads whole blocks up to a bound', async () => {
    const store = await open();
    await store.put(at('k'), bodyOf('12345'));
    expect(Buffer.from(await store.getBytes(at('k'), 5)).toString()).toBe('12345');
    await expect(store.getBytes(at('k'), 4)).rejects.toThrow(CorruptData);
  });

  it('goes on reading a block that is replaced meanwhile', async () => {
    const store = await open();
    const old = 'x'.repeat(1_000_000);
    await store.put(at('k'), bodyOf(old));
    const stream = await store.get(at('k'));
    await store.put(at('k'), bodyOf('new'));
    expect((await read(stream)).length).toBe(old.length);
  });
}

function copying(open: () => Promise<BlockStore>): void {
  it('gives the same bytes under both addresses, in another namespace too', async () => {
    const store = await open();
    const body = Buffer.alloc(300_000, 'abcdefg');
    await store.put(at('data/s/x'), bodyOf(body));
    const other = { namespace: 'local://elsewhere' as StorageNamespace, key: 'deep/er/y' };
    for (const target of [at('data/s/y'), other]) {
      expect(await store.copy(at('data/s/x'), target)).toMatchObject({ sizeBytes: body.length });
      expect(await read(await store.get(target))).toBe(body.toString('latin1'));
    }
    expect(await read(await store.get(at('data/s/x')))).toBe(body.toString('latin1'));
  });

  it('takes the place of what was there, its own too, and copies nothing of nothing', async () => {
    const store = await open();
    await store.put(at('empty'), bodyOf());
    await store.put(at('x'), bodyOf('old'));
    expect(await store.copy(at('empty'), at('x'))).toMatchObject({ sizeBytes: 0 });
    expect(await store.head(at('x'))).toMatchObject({ sizeBytes: 0 });
    await store.put(at('x'), bodyOf('new'));
    await store.copy(at('x'), at('x'));
    expect(await read(await store.get(at('x')))).toBe('new');
  });

  it('leaves a copy alone when its source is deleted or stored anew', async () => {
    const store = await open();
    await store.put(at('x'), bodyOf('one'));
    await store.copy(at('x'), at('y'));
    await store.put(at('x'), bodyOf('two'));
    expect(await read(await store.get(at('y')))).toBe('one');
    await store.delete(at('x'));
    expect(await read(await store.get(at('y')))).toBe('one');
  });

  it('refuses a source that is not there, and addresses that leave their namespace', async () => {
    const store = await open();
    await store.put(at('x'), bodyOf('one'));
    await store.put(at('folder/x'), bodyOf('one'));
    await expect(store.copy(at('nowhere'), at('y'))).rejects.toThrow(BlockNotFound);
    await expect(store.copy(at('folder'), at('y'))).rejects.toThrow(BlockNotFound);
    await expect(store.copy(at('x'), at('../y'))).rejects.toThrow(AddressRefused);
    await expect(store.copy(at('../x'), at('y'))).rejects.toThrow(AddressRefused);
    expect(await keysOf(store)).toEqual(['folder/x', 'x']);
  });
}

function listing(open: () => Promise<BlockStore>): void {
  const keys = [
    'a',
    'a-b',
    'a.b/c',
    'a0',
    'b/a',
    'b/a.x',
    'b/b/c',
    'data/0/x',
    'data/1/y',
    'é',
    'Z',
  ];
  // U+FFFF comes before U+10000 as bytes, and after it as UTF-16.
  const wide = ['\u{ffff}', '\u{10000}'];

  it('is in byte order of the keys, whatever is a folder on the way', async () => {
    const store = await open();
    const all = [...keys.filter((key) => key !== 'a'), 'a/b', 'a/b0', ...wide];
    for (const key of all) await store.put(at(key), bodyOf('x'));
    expect(await keysOf(store)).toEqual(all.toSorted(compareUtf8));
  });

  it('takes a prefix that ends anywhere, and begins strictly after a key', async () => {
    const store = await open();
    for (const key of keys) await store.put(at(key), bodyOf('x'));
    const sorted = keys.toSorted(compareUtf8);
    for (const prefix of ['', 'a', 'a.', 'b', 'b/', 'b/a', 'b/b/', 'data/', 'nothing', 'é']) {
      for (const after of ['', 'a', 'a-', 'a.b/c', 'b', 'b/', 'b/a', 'b/z', 'data/0/x', 'zz']) {
        const wanted = sorted.filter(
          (key) => key.startsWith(prefix) && compareUtf8(key, after) > 0,
        );
        expect({ prefix, after, keys: await keysOf(store, prefix, after) }).toEqual({
          prefix,
          after,
          keys: wanted,
        });
      }
    }
  });

  it('has nothing for a namespace where nothing was stored', async () => {
    expect(await keysOf(await open())).toEqual([]);
  });

  it('does not show the neighbour whose name begins alike', async () => {
    const store = await open();
    const neighbour = 'local://bucket/repository' as StorageNamespace;
    await store.put({ namespace: neighbour, key: 'k' }, bodyOf('x'));
    expect(await keysOf(store)).toEqual([]);
  });
}

function addresses(open: () => Promise<BlockStore>): void {
  it.each(REFUSED_KEYS)('refuses the key %j in every call', async (key) => {
    const store = await open();
    await expect(store.put(at(key), bodyOf('x'))).rejects.toThrow(AddressRefused);
    await expect(store.putIfAbsent(at(key), utf8('x'))).rejects.toThrow(AddressRefused);
    await expect(store.putNew(at(key), bodyOf('x'))).rejects.toThrow(AddressRefused);
    await expect(store.get(at(key))).rejects.toThrow(AddressRefused);
    await expect(store.getBytes(at(key), 1)).rejects.toThrow(AddressRefused);
    await expect(store.head(at(key))).rejects.toThrow(AddressRefused);
    await expect(store.delete(at(key))).rejects.toThrow(AddressRefused);
  });

  it.each(REFUSED_NAMESPACES)('refuses the namespace %j', async (uri) => {
    const store = await open();
    expect(() => store.checkNamespace(uri as StorageNamespace)).toThrow(AddressRefused);
    expect(() => store.parse(`${uri}/x/y`)).toThrow(AddressRefused);
    const address = { namespace: uri as StorageNamespace, key: 'x' };
    await expect(store.put(address, bodyOf('x'))).rejects.toThrow(AddressRefused);
  });

  it('reads a full address as the same block', async () => {
    const store = await open();
    await store.put(at('data/s/x'), bodyOf('hello'));
    const address = store.parse(`${namespace}/data/s/x`);
    expect(address).toEqual({ namespace: 'local://bucket', key: 'repo/data/s/x' });
    expect(await read(await store.get(address))).toBe('hello');
    expect(() => store.parse('local://bucket')).toThrow(AddressRefused);
  });

  it('takes every name literally: other text, another block', async () => {
    const store = await open();
    for (const key of LOOK_ALIKES) await store.put(at(key), bodyOf(key));
    for (const key of LOOK_ALIKES) {
      expect(await read(await store.get(at(key)))).toBe(Buffer.from(key).toString('latin1'));
    }
    expect(await keysOf(store)).toEqual(LOOK_ALIKES.toSorted(compareUtf8));
  });
}

async function found(
  store: BlockStore,
  source: BlockSource,
  after = '',
): Promise<readonly SourceBlock[]> {
  const blocks: SourceBlock[] = [];
  for await (const block of store.listSource(source, after)) blocks.push(block);
  return blocks;
}

function sources(open: () => Promise<BlockStore>): void {
  const kept = ['in/b', 'in/a/x', 'in/a-b', 'in/é', 'in/.hidden', 'in/a/.git/x', 'inside', 'z'];
  const filled = async () => {
    const store = await open();
    for (const key of kept) await store.put(at(key), bodyOf(`body of ${key}`));
    return store;
  };
  const prefix = (uri: string) => ({ kind: 'prefix', uri }) as const;
  const object = (uri: string) => ({ kind: 'object', uri }) as const;

  it.each(['/in', '/in/'])('are what stands below %s, in byte order, less hidden files', (end) =>
    filled().then(async (store) => {
      const blocks = await found(store, prefix(namespace + end));
      expect(blocks.map(({ key }) => key)).toEqual(['a-b', 'a/x', 'b', 'é']);
    }),
  );

  it('say of each where it is, how long, and its MD5', async () => {
    const [first] = await found(await filled(), prefix(`${namespace}/in`));
    const checksum = createHash('md5').update('body of in/a-b').digest('hex');
    expect(first).toEqual({
      key: 'a-b',
      address: `${namespace}/in/a-b`,
      sizeBytes: 14,
      modifiedAtMs: expect.any(Number),
      checksum,
    });
  });

  it('can be read by the addresses that were given', async () => {
    const store = await filled();
    for (const { address, key } of await found(store, prefix(namespace))) {
      expect(await read(await store.get(store.parse(address)))).toBe(
        Buffer.from(`body of ${key}`).toString('latin1'),
      );
    }
  });

  it('go on behind a key', async () => {
    const store = await filled();
    const keysBehind = async (after: string) =>
      (await found(store, prefix(`${namespace}/in`), after)).map(({ key }) => key);
    expect(await keysBehind('a-b')).toEqual(['a/x', 'b', 'é']);
    expect(await keysBehind('a/x')).toEqual(['b', 'é']);
    expect(await keysBehind('zz')).toEqual(['é']);
    expect(await keysBehind('é')).toEqual([]);
  });

  it('are one object, hidden or not', async () => {
    const store = await filled();
    expect(await found(store, object(`${namespace}/in/b`))).toMatchObject([
      { key: '', address: `${namespace}/in/b`, sizeBytes: 12 },
    ]);
    expect(await found(store, object(`${namespace}/in/.hidden`))).toHaveLength(1);
  });

  it('are not there, and no folder is an object', async () => {
    const store = await filled();
    for (const source of [prefix(`${namespace}/none`), object(`${namespace}/none`)]) {
      await expect(found(store, source)).rejects.toThrow(BlockNotFound);
    }
    await expect(found(store, object(`${namespace}/in`))).rejects.toThrow(BlockNotFound);
  });

  it.each(['', 'in', '/etc', 's3://bucket/in', 'file:///etc', 'local://a/../b', 'local://../x'])(
    'are refused: %j',
    async (uri) => {
      const store = await filled();
      await expect(found(store, prefix(uri))).rejects.toThrow(AddressRefused);
      await expect(found(store, object(uri))).rejects.toThrow(AddressRefused);
    },
  );
}

const REFUSED_KEYS = [
  '',
  '/',
  '/etc/passwd',
  '..',
  '../x',
  'a/../b',
  'a/..',
  './a',
  'a/./b',
  'a//b',
  'a/',
  'a\0b',
  'a\\..\\b',
  '\ud800',
  'x'.repeat(256),
  'é'.repeat(128),
  'long/'.repeat(700),
];

const REFUSED_NAMESPACES = [
  '',
  'bucket',
  '/bucket',
  'local:/bucket',
  'local://',
  'local:///bucket',
  'local://..',
  'local://../x',
  'local://a/../b',
  'local://a/',
  'local://.incoming',
  'LOCAL://bucket',
  's3://bucket',
  'file:///etc',
  'local://a\0b',
];

const LOOK_ALIKES = [
  'case/a',
  'case/A',
  'é/nfc',
  'e\u0301/nfd',
  'dots/...',
  'dots/a.',
  'escapes/%2e%2e',
  'escapes/%2E%2E',
  'escapes/%41',
  'space/ a ',
  'plus/a+b',
  'query/a?b=c#d',
  'colon/a:b',
  'emoji/\u{1f600}',
  'replacement/\ufffd',
  'tilde/~root',
  'line/a\nb',
  'longest/'.concat('x'.repeat(255)),
];
