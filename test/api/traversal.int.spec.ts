import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenApiDocument } from '../../src/api/openapi/document-shapes.js';
import { json } from './running-edge.js';
import { BODY } from './sample-body.js';
import { wholeApp, type WholeApp } from './whole-app.js';

const PLANTED = 'what nobody may read';
let app: WholeApp;

/** Files that are none of the blocks lie beside their folder and beside the server's own. */
beforeAll(async () => {
  app = await wholeApp();
  for (const at of ['planted', 'data/planted']) await writeFile(join(app.folder, at), PLANTED);
  const wish = json({ name: 'lake', storage_namespace: 'local://lake' });
  await app.call('/api/v1/repositories', wish);
}, 30_000);
afterAll(() => app.close());

/** As they stand in a URL: a client resolves a bare `..`, an escaped one arrives. */
const ways = () => [
  '%2e%2e%2fplanted',
  '%2e%2e%2f%2e%2e%2f%2e%2e%2fplanted',
  '%252e%252e%252fplanted',
  encodeURIComponent(join(app.folder, 'planted')),
  encodeURIComponent('local://../planted'),
  encodeURIComponent('local://lake/../../../planted'),
  encodeURIComponent(`file://${app.folder}/planted`),
];
const besides = async () => (await readdir(app.folder)).toSorted();

describe('a way out of the folder of blocks', () => {
  it('is no parameter of any operation', async () => {
    const document = (await (await app.call('/openapi.json')).json()) as OpenApiDocument;
    let asked = 0;
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { operationId, parameters = [] }] of Object.entries(methods)) {
        // They would take the ground from under the others.
        if (/^(?:setup|delete(?:Repository|User|Credentials))$/.test(operationId)) continue;
        const body = /^(?:get|head)$/.test(method) ? {} : json(BODY);
        const all = [...targets(path, parameters)].map(async (target) => {
          const response = await app.call(target, { ...body, method: method.toUpperCase() });
          const text = await response.text();
          expect([operationId, target, text.includes(PLANTED)]).toEqual([
            operationId,
            target,
            false,
          ]);
          expect(response.status === 501 || response.status < 500).toBe(true);
        });
        await Promise.all(all);
        asked += all.length;
      }
    }
    expect(asked).toBeGreaterThan(300);
    expect(await besides()).toEqual(['data', 'planted']);
  }, 120_000);

  it.each([
    'local://../planted',
    'local://../../planted',
    'local://lake/../../planted',
    'local://lake/data/../../../planted',
    'local:///planted',
    'local://./../planted',
    'local://lake/%2e%2e/%2e%2e/planted',
    String.raw`local://lake\..\..\planted`,
  ])('is no address of an object: %s', async (physical_address) => {
    const at = `?path=${encodeURIComponent(physical_address)}`;
    const body = json({ physical_address, checksum: 'c', size_bytes: PLANTED.length }, 'PUT');
    const staged = await app.call(`/api/v1/repositories/lake/branches/main/objects${at}`, body);
    const read = await app.call(`/api/v1/repositories/lake/refs/main/objects${at}`);
    expect(await read.text()).not.toContain(PLANTED);
    expect([staged.status, read.status]).toEqual(staged.status === 201 ? [201, 410] : [400, 404]);
  });

  it.each(['local://..', 'local://../out', 'local://a/../../out', 'local://a/./../../out'])(
    'is no namespace of a repository: %s',
    async (storage_namespace) => {
      const wish = json({ name: 'escaped', storage_namespace });
      expect((await app.call('/api/v1/repositories', wish)).status).toBe(400);
      expect(await besides()).toEqual(['data', 'planted']);
    },
  );
});

/** Each parameter in turn leads out, and the others are right. */
function* targets(
  path: string,
  parameters: readonly { readonly in: string; readonly name: string }[],
): Generator<string> {
  const known: Readonly<Record<string, string>> = { repository: 'lake' };
  for (const way of ways()) {
    for (const { in: place, name } of parameters) {
      if (place === 'header') continue;
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, each: string) =>
        each === name && place === 'path' ? way : (known[each] ?? 'main'),
      );
      const query = place === 'query' ? `?${name}=${way}` : '?path=a';
      yield `/api/v1${filled}${query}`;
    }
  }
}
