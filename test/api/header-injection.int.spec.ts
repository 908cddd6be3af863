import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { json } from './running-edge.js';
import { wholeApp, type WholeApp } from './whole-app.js';

const seed = Number(process.env['SEED'] ?? 20261121);
const LAKE = '/api/v1/repositories/lake';
let app: WholeApp;
beforeAll(async () => {
  app = await wholeApp();
  for (const name of ['lake', 'source']) {
    const wish = json({ name, storage_namespace: `local://${name}` });
    await app.call('/api/v1/repositories', wish);
  }
}, 30_000);
afterAll(() => app.close());

const odd = (...more: string[]) =>
  fc.string({
    unit: fc.constantFrom(...'\r\n\t ;"\\%,=é🌊ab', '\r\nSet-Cookie: x=y', '<svg onload=', ...more),
    minLength: 1,
    maxLength: 12,
  });

const headerNames = ({ headers }: Response) => [...headers.keys()].toSorted();

describe(`what a client stored, sent back to another (SEED=${seed})`, () => {
  it('breaks no header open: names, types and metadata of objects, presigned or not', async () => {
    const usual = await answers('plain', 'text/plain', 'v');
    await fc.assert(
      fc.asyncProperty(odd('/'), odd(), odd(), async (name, contentType, value) => {
        expect(await answers(name, contentType, value)).toEqual(usual);
      }),
      { seed, numRuns: 60 },
    );
  }, 60_000);
});

/** What four ways to an object answer, when it has these. */
async function answers(name: string, contentType: string, value: string) {
  const path = encodeURIComponent(name);
  const body = {
    physical_address: await stored(),
    checksum: value,
    size_bytes: 5,
    content_type: contentType,
    metadata: { [value]: value },
  };
  const staged = await app.call(`${LAKE}/branches/main/objects?path=${path}`, json(body, 'PUT'));
  expect(staged.status).toBe(201);
  const read = await app.call(`${LAKE}/refs/main/objects?path=${path}`);
  const head = await app.call(`${LAKE}/refs/main/objects?path=${path}`, { method: 'HEAD' });
  const stat = await app.call(`${LAKE}/refs/main/objects/stat?path=${path}&presign=true`);
  const { physical_address: url } = (await stat.json()) as { physical_address: string };
  const presigned = await fetch(url);
  expect([await read.text(), await presigned.text()]).toEqual(['hello', 'hello']);
  const policies = [read, presigned].map((each) => each.headers.get('content-security-policy'));
  return {
    policies,
    names: [read, head, stat, presigned].map(headerNames),
    statuses: [read, head, stat, presigned].map((each) => each.status),
  };
}

/** Where the bytes of an upload lie: elsewhere, since no entry may point among the own blocks. */
async function stored(): Promise<string> {
  const url = '/api/v1/repositories/source/branches/main/objects?path=a';
  const response = await app.call(url, { method: 'POST', body: 'hello' });
  return ((await response.json()) as { physical_address: string }).physical_address;
}
