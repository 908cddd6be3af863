import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AHEAD_MAX } from '../../src/api/in-turn.js';
import { answerOf, rawRequest } from './raw-request.js';
import { json } from './running-edge.js';
import { wholeApp, type WholeApp } from './whole-app.js';

const KEY = { id: 'AKIAPIPELINED', secret: 'a secret for pipelines' };
const authorization = `Basic ${Buffer.from(`${KEY.id}:${KEY.secret}`).toString('base64')}`;
const LAKE = '/api/v1/repositories/lake';

let app: WholeApp;
let port: number;

beforeAll(async () => {
  app = await wholeApp({ adminAccessKeyId: KEY.id, adminSecretAccessKey: KEY.secret });
  port = Number(new URL(app.url).port);
  const wish = json({ name: 'lake', storage_namespace: 'local://lake/' });
  const headers = { ...Object.fromEntries(new Headers(wish.headers)), authorization };
  await fetch(`${app.url}/api/v1/repositories`, { ...wish, headers });
}, 30_000);
afterAll(() => app.close());

const request = (line: string, ...more: readonly string[]) => {
  const head = [`${line} HTTP/1.1`, 'Host: x', `Authorization: ${authorization}`, ...more];
  return `${head.join('\r\n')}\r\n\r\n`;
};
const upload = (path: string, body: string) =>
  request(
    `POST ${LAKE}/branches/main/objects?path=${path}`,
    'Content-Type: text/plain',
    `Content-Length: ${body.length}`,
  ) + body;
const read = (path: string, ...more: readonly string[]) =>
  request(`GET ${LAKE}/refs/main/objects?path=${path}`, ...more);

/** Sends requests in one piece, and returns the answers in the order they came. */
async function ask(...requests: readonly string[]) {
  const said = await rawRequest(port, requests.join(''));
  return said.split(/(?=HTTP\/1\.1 )/).map((text) => answerOf(text));
}

describe('requests that a client sends without waiting for answers', () => {
  it('see what those before them did', async () => {
    const answers = await ask(upload('a', 'one'), read('a', 'Connection: close'));
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [201, expect.any(String)],
      [200, 'one'],
    ]);
  });

  it('take effect in the order they were sent', async () => {
    const bodies = Array.from({ length: 30 }, (_, n) => `body ${n}`);
    const writes = bodies.map((body) => upload('b', body));
    const answers = await ask(...writes, read('b', 'Connection: close'));
    expect(answers.map(({ status }) => status)).toEqual([...bodies.map(() => 201), 200]);
    expect(answers.at(-1)?.body).toBe(bodies.at(-1));
  });

  it('are answered each, whatever is wrong with those before them', async () => {
    const answers = await ask(
      `GET ${LAKE} HTTP/1.1\r\nHost: x\r\n\r\n`,
      request('GET /api/v1/nothing'),
      request(`GET ${LAKE}/branches/none`),
      request(`GET ${LAKE}/branches/main`, 'Connection: close'),
    );
    expect(answers.map(({ status }) => status)).toEqual([401, 404, 404, 200]);
  });

  it('are not taken in any number', async () => {
    const many = Array.from({ length: AHEAD_MAX + 2 }, () => read('a'));
    const said = await rawRequest(port, many.join(''));
    expect(said.split('HTTP/1.1 ').length - 1).toBeLessThan(many.length);
    expect((await ask(read('a', 'Connection: close')))[0]?.status).toBe(200);
  });

  it('do nothing once their client has gone', async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(upload('gone', 'first') + upload('gone', 'second'));
        socket.once('data', () => socket.destroy());
        socket.once('close', () => resolve());
      });
    });
    expect((await ask(read('gone', 'Connection: close')))[0]?.status).toBe(200);
  });
});
