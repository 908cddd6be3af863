import { Agent, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { StageObject } from '../../src/commands/object/stage-object.js';
import { UnstageObjects } from '../../src/commands/object/unstage-objects.js';
import { StatObject } from '../../src/queries/stat-object.js';
import { BASIC, type RunningEdge, runEdge } from './running-edge.js';
import { standIns } from './stand-ins.js';

const LAKE = '/api/v1/repositories/lake';
const seed = Number(process.env['SEED'] ?? 20261121);
const NAMES = 5000;
const AT_ONCE = 50;
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
let edge: RunningEdge;
beforeAll(async () => {
  edge = await runEdge(standIns);
});
afterAll(() => {
  agent.destroy();
  return edge.close();
});

/** Any text that can be a path: no NUL, no half of a pair, 1 to 1,024 bytes. */
const path = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }),
    fc.string({ unit: fc.constantFrom(...'%+&=?#;/\\ ."<>^~@$éÅ\u0301🌊%25'), minLength: 1 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }),
  )
  .filter((text) => text.isWellFormed() && !text.includes('\0') && Buffer.byteLength(text) <= 1024);

describe(`5,000 random names (SEED=${seed})`, () => {
  it('arrive as they were sent: in a path of the URL, in its query, and in a body', async () => {
    const names = fc.sample(path, { seed, numRuns: NAMES });
    expect(names).toHaveLength(NAMES);
    for (let at = 0; at < names.length; at += AT_ONCE) {
      await Promise.all(names.slice(at, at + AT_ONCE).map((name) => comesThrough(name)));
    }
    const stats = edge.seen.filter((each) => each instanceof StatObject);
    expect(multiset(stats.map((each) => each.path))).toEqual(multiset(names));
    const refs = stats.map((each) => each.ref).filter((ref) => ref !== 'main');
    expect(multiset(refs)).toEqual(multiset(names.filter(isRef)));
    const staged = edge.seen.filter((each) => each instanceof StageObject);
    expect(multiset(staged.map((each) => each.object.path))).toEqual(multiset(names));
    const unstaged = edge.seen.filter((each) => each instanceof UnstageObjects);
    expect(multiset(unstaged.flatMap((each) => [...each.paths]))).toEqual(multiset(names));
  }, 300_000);
});

/** Alternates between the two ways to write a space. */
async function comesThrough(name: string): Promise<void> {
  const ref = isRef(name) ? encodeURIComponent(name) : 'main';
  const query = new URLSearchParams({ path: name });
  const stat = await ask('GET', `${LAKE}/refs/${ref}/objects/stat?${query}`);
  expect([stat.status, (stat.json as { path: string }).path]).toEqual([200, name]);
  const body = { physical_address: 'local://b/k', checksum: 'c', size_bytes: 1 };
  const url = `${LAKE}/branches/main/objects?path=${encodeURIComponent(name)}`;
  expect((await ask('PUT', url, body)).status).toBe(201);
  const gone = await ask('POST', `${LAKE}/branches/main/objects/delete`, { paths: [name] });
  expect(gone.json).toEqual({ errors: [] });
}

/** By Node's own client: fifteen thousand requests take `fetch` twice as long. */
function ask(method: string, target: string, body?: object): Promise<Told> {
  const headers = { authorization: BASIC, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const sent = request(edge.url + target, { method, agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, json: JSON.parse(text) as unknown });
      });
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

interface Told {
  readonly status: number;
  readonly json: unknown;
}

/** A whole segment of `.` or `..` is resolved by the client before it is sent. */
function isRef(name: string): boolean {
  return /^\S+$/.test(name) && !/^\.\.?$/.test(name);
}

function multiset(names: readonly string[]): readonly string[] {
  return names.toSorted();
}
