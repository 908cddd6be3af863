import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { BlockSource } from '../ports/block-store.js';
import { AddressRefused, BlockNotFound } from '../ports/store-errors.js';
import { LocalBlockStore } from './local-block-store.js';
import { openPlain, summed } from './plain-files.js';

const folders: string[] = [];
let home: string;
let store: LocalBlockStore;

/** home/open may be read; home/closed, home/open/ours and the store itself may not. */
beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'moraine-import-')));
  folders.push(home);
  for (const folder of ['open/sub', 'open/ours', 'opened', 'closed']) {
    await mkdir(join(home, folder), { recursive: true });
  }
  for (const file of ['open/a', 'open/sub/b', 'open/ours/key', 'opened/c', 'closed/secret']) {
    await writeFile(join(home, file), `body of ${file}`);
  }
  store = await openStore([join(home, 'open')]);
});
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

const openStore = (allowed: readonly string[] | undefined) =>
  LocalBlockStore.open({
    root: join(home, 'objects'),
    ...(allowed && { imports: { folders: allowed, except: [join(home, 'open/ours')] } }),
    onSyncFailed(error) {
      throw error;
    },
  });

async function keysOf(kind: BlockSource['kind'], path: string, of = store): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of of.listSource({ kind, uri: `local://${path}` }, '')) keys.push(key);
  return keys;
}

const bodyAt = async (path: string, of = store): Promise<string> => {
  const bytes = await of.getBytes(of.parse(`local://${path}`), 1000);
  return Buffer.from(bytes).toString();
};

describe('an import from a folder of the machine', () => {
  it('reads below what was named', async () => {
    expect(await keysOf('prefix', join(home, 'open/sub'))).toEqual(['b']);
    expect(await keysOf('object', join(home, 'open/a'))).toEqual(['']);
    expect(await bodyAt(join(home, 'open/sub/b'))).toBe('body of open/sub/b');
    expect(await store.head(store.parse(`local://${home}/open/a`))).toMatchObject({
      sizeBytes: 14,
    });
    expect(await store.head(store.parse(`local://${home}/open/none`))).toBeUndefined();
  });

  it.each(['closed/secret', 'opened/c', 'open/../closed/secret', 'open//a', 'open/./a'])(
    'does not read %s',
    async (path) => {
      const whole = `${home}/${path}`;
      await expect(keysOf('object', whole)).rejects.toThrow(AddressRefused);
      await expect(bodyAt(whole)).rejects.toThrow(AddressRefused);
    },
  );

  it('reads nothing when no folder was named, nor when importing is off', async () => {
    for (const allowed of [[], undefined]) {
      const other = await openStore(allowed);
      await expect(keysOf('prefix', `${home}/open`, other)).rejects.toThrow(AddressRefused);
      await expect(bodyAt(`${home}/open/a`, other)).rejects.toThrow(AddressRefused);
    }
  });

  it('never reads what is excepted, nor lists what holds it', async () => {
    await expect(keysOf('object', `${home}/open/ours/key`)).rejects.toThrow('forbidden');
    await expect(keysOf('prefix', `${home}/open/ours`)).rejects.toThrow('forbidden');
    await expect(keysOf('prefix', `${home}/open`)).rejects.toThrow('forbidden');
    const everything = await openStore(['/']);
    await expect(keysOf('prefix', `${home}/open`, everything)).rejects.toThrow('forbidden');
    expect(await keysOf('object', `${home}/closed/secret`, everything)).toEqual(['']);
  });

  it('follows no link, whether at the end of a path or on its way', async () => {
    await symlink(join(home, 'closed/secret'), join(home, 'open/sub/link'));
    await symlink(join(home, 'closed'), join(home, 'open/sub/folder'));
    expect(await keysOf('prefix', `${home}/open/sub`)).toEqual(['b']);
    for (const path of ['open/sub/link', 'open/sub/folder/secret']) {
      await expect(keysOf('object', `${home}/${path}`)).rejects.toThrow('forbidden');
      await expect(bodyAt(`${home}/${path}`)).rejects.toThrow('forbidden');
    }
    await expect(keysOf('prefix', `${home}/open/sub/folder`)).rejects.toThrow('forbidden');
  });

  it('finds the link that came after it had listed', async () => {
    const address = store.parse(`local://${home}/open/sub/b`);
    await rename(join(home, 'open/sub'), join(home, 'open/moved'));
    await symlink(join(home, 'closed'), join(home, 'open/sub'));
    await writeFile(join(home, 'closed/b'), 'not yours');
    await expect(store.get(address)).rejects.toThrow('forbidden');
  });

  it.each([
    ['back\\slash', 'it has a backslash'],
    [Buffer.from([0x61, 0xff, 0x62]), 'is not UTF-8: "a\ufffdb"'],
  ])(
    'refuses a folder with a file that could not be read by its address: %s',
    async (name, why) => {
      const folder = Buffer.from(`${home}/open/odd/`);
      await mkdir(folder);
      await writeFile(Buffer.concat([folder, Buffer.from(name)]), 'x');
      await expect(keysOf('prefix', `${home}/open/odd`)).rejects.toThrow(AddressRefused);
      await expect(keysOf('prefix', `${home}/open/odd`)).rejects.toThrow(why);
    },
  );

  it('reads a name that has U+FFFD in it, as the bytes of that letter', async () => {
    await mkdir(join(home, 'open/odd/\ufffd'), { recursive: true });
    for (const name of ['a\ufffdb', '\ufffd/c'])
      await writeFile(join(home, 'open/odd', name), name);
    expect(await keysOf('prefix', `${home}/open/odd`)).toEqual(['a\ufffdb', '\ufffd/c']);
    expect(await bodyAt(`${home}/open/odd/a\ufffdb`)).toBe('a\ufffdb');
  });

  it('tells a name that is not UTF-8 from one that is shown alike', async () => {
    const folder = Buffer.from(`${home}/open/odd/`);
    await mkdir(folder);
    const names = [Buffer.from('a\ufffdb'), Buffer.from([0x61, 0xff, 0x62])];
    for (const name of names) await writeFile(Buffer.concat([folder, name]), 'x');
    await expect(keysOf('prefix', `${home}/open/odd`)).rejects.toThrow('is not UTF-8: "a\ufffdb"');
  });

  it('has size and checksum of the same bytes when a file is cut while it is read', async () => {
    const { file } = await openPlain(`${home}/open/a`);
    const found = await summed({ file, sizeBytes: 1000, modifiedAtMs: 0 });
    const body = Buffer.from('body of open/a');
    const checksum = createHash('md5').update(body).digest('hex');
    expect(found).toEqual({ sizeBytes: body.length, modifiedAtMs: 0, checksum });
  });

  it('goes through a link that the operator has named', async () => {
    await symlink(join(home, 'open'), join(home, 'named'));
    const other = await openStore([join(home, 'named/')]);
    expect(await keysOf('prefix', `${home}/named/sub`, other)).toEqual(['b']);
    expect(await bodyAt(`${home}/named/sub/b`, other)).toBe('body of open/sub/b');
  });

  it('writes nothing there, and makes no namespace of it', async () => {
    const address = store.parse(`local://${home}/open/a`);
    await expect(store.putIfAbsent(address, Buffer.from('x'))).rejects.toThrow(AddressRefused);
    await expect(store.delete(address)).rejects.toThrow(AddressRefused);
    expect(() => store.checkNamespace(address.namespace)).toThrow(AddressRefused);
    expect(await bodyAt(`${home}/open/a`)).toBe('body of open/a');
  });

  it('says of what is not there that it is not', async () => {
    await expect(keysOf('prefix', `${home}/open/none`)).rejects.toThrow(BlockNotFound);
    await expect(keysOf('object', `${home}/open/sub`)).rejects.toThrow(BlockNotFound);
    await expect(keysOf('prefix', `${home}/open/a`)).rejects.toThrow(BlockNotFound);
  });
});
