import fs from 'node:fs';
import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { blockStoreContract } from '../../test/contract/block-store.contract.js';
import type { StorageNamespace } from '../domain/model.js';
import { AddressRefused, BlockNotFound } from '../ports/store-errors.js';
import { escapedNames, exactNames } from './file-names.js';
import { LocalBlockStore } from './local-block-store.js';

const folders: string[] = [];
const namespace = 'local://bucket/repo' as StorageNamespace;
const at = (key: string) => ({ namespace, key });

async function newFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'moraine-blocks-')));
  folders.push(folder);
  return folder;
}

const storeAt = (root: string, names = exactNames) =>
  LocalBlockStore.open({
    root,
    names,
    imports: { folders: [], except: [] },
    onSyncFailed(error) {
      throw error;
    },
  });

async function* bodyOf(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(600_000);
  throw new Error('gone');
}

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

blockStoreContract('LocalBlockStore', async () => storeAt(await newFolder()));
blockStoreContract('LocalBlockStore where A is a', async () =>
  storeAt(await newFolder(), escapedNames),
);

describe('the local block store', () => {
  it('writes names of one case and spelling where the file system tells no others', async () => {
    const root = await newFolder();
    const store = await storeAt(root, escapedNames);
    await store.put(at('A/é'), bodyOf('x'));
    expect(await readdir(join(root, 'bucket/repo'))).toEqual(['%41']);
    expect(await readdir(join(root, 'bucket/repo/%41'))).toEqual(['%c3%a9']);
  });

  it('leaves no temporary file, whether a body was stored, broke off or was refused', async () => {
    const root = await newFolder();
    const store = await storeAt(root);
    await store.put(at('a'), bodyOf('x'));
    await expect(store.put(at('b'), broken())).rejects.toThrow('gone');
    await expect(store.put(at('a/below'), bodyOf('x'))).rejects.toThrow(AddressRefused);
    await store.put(at('folder/c'), bodyOf('x'));
    await expect(store.put(at('folder'), bodyOf('x'))).rejects.toThrow(AddressRefused);
    await store.putIfAbsent(at('a'), Buffer.from('taken'));
    expect(await readdir(join(root, '.incoming'))).toEqual([]);
  });

  it('never writes over a block in the belief that nobody knows its address', async () => {
    const root = await newFolder();
    const store = await storeAt(root);
    await store.put(at('k'), bodyOf('one'), { isUntold: true });
    const again = store.put(at('k'), bodyOf('two'), { isUntold: true });
    await expect(again).rejects.toThrow('EEXIST');
    expect(fs.readFileSync(join(root, 'bucket/repo/k'), 'utf8')).toBe('one');
    expect(await readdir(join(root, '.incoming'))).toEqual([]);
  });

  it('sweeps what dead processes left, and spares what a living one writes', async () => {
    const root = await newFolder();
    await mkdir(join(root, '.incoming'));
    const dead = 4_194_305; // One above the largest process id that Linux gives.
    const ours = [`${hostname()}.${dead}.0`, `${hostname()}.${process.pid}.7`];
    const others = [`${hostname()}.${process.ppid}.0`, 'another.machine.1.0'];
    for (const name of [...ours, ...others]) await writeFile(join(root, '.incoming', name), 'x');
    await storeAt(root);
    expect((await readdir(join(root, '.incoming'))).sort()).toEqual(others.sort());
  });

  it('follows no link below its root', async () => {
    const root = await newFolder();
    const outside = await newFolder();
    await writeFile(join(outside, 'secret'), 'secret');
    await mkdir(join(root, 'bucket/repo'), { recursive: true });
    await symlink(outside, join(root, 'bucket/repo/folder'));
    await symlink(join(outside, 'secret'), join(root, 'bucket/repo/file'));
    await symlink(outside, join(root, 'linked'));
    const store = await storeAt(root);

    await expect(store.get(at('folder/secret'))).rejects.toThrow(AddressRefused);
    await expect(store.put(at('folder/new'), bodyOf('x'))).rejects.toThrow(AddressRefused);
    await expect(store.delete(at('folder/secret'))).rejects.toThrow(AddressRefused);
    await expect(store.get(at('file'))).rejects.toThrow(BlockNotFound);
    expect(await store.head(at('file'))).toBeUndefined();
    await expect(store.get(store.parse('local://linked/secret'))).rejects.toThrow(AddressRefused);
    const listed = [];
    for await (const block of store.list(namespace, { prefix: '', after: '' })) listed.push(block);
    expect(listed).toEqual([]);
    // A put takes the link's place, and what the link named stays as it was.
    await store.put(at('file'), bodyOf('mine'));
    expect(fs.readFileSync(join(outside, 'secret'), 'utf8')).toBe('secret');
    expect(await readdir(outside)).toEqual(['secret']);
  });

  it('may itself be reached by a link', async () => {
    const root = await newFolder();
    await symlink(root, `${root}-link`);
    folders.push(`${root}-link`);
    const store = await storeAt(`${root}-link`);
    await store.put(at('k'), bodyOf('x'));
    expect(fs.readFileSync(join(root, 'bucket/repo/k'), 'utf8')).toBe('x');
  });

  it('stores again below a folder that somebody removed', async () => {
    const root = await newFolder();
    const store = await storeAt(root);
    await store.put(at('data/s/x'), bodyOf('x'));
    await rm(join(root, 'bucket'), { recursive: true });
    await store.put(at('data/s/y'), bodyOf('y'));
    expect(fs.readFileSync(join(root, 'bucket/repo/data/s/y'), 'utf8')).toBe('y');
  });

  it('does not take more from a body than it can write', async () => {
    const store = await storeAt(await newFolder());
    const chunk = Buffer.alloc(1024 * 1024, 7);
    let givenBytes = 0;
    let peakBytes = 0;
    const idleBytes = process.memoryUsage().arrayBuffers;
    const body = async function* () {
      for (let index = 0; index < 256; index++) {
        givenBytes += chunk.length;
        peakBytes = Math.max(peakBytes, process.memoryUsage().arrayBuffers);
        yield Buffer.from(chunk);
      }
    };
    const { sizeBytes } = await store.put(at('big'), body());
    expect(sizeBytes).toBe(givenBytes);
    expect(peakBytes - idleBytes).toBeLessThan(128 * 1024 * 1024);
  });
});
