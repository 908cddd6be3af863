import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type WholeApp, wholeApp } from './whole-app.js';

const KEY = { id: 'AKIALIMITS', secret: 'a secret for limits' };
const authorization = `Basic ${Buffer.from(`${KEY.id}:${KEY.secret}`).toString('base64')}`;

let app: WholeApp;
let url: string;
const sockets: Socket[] = [];
const timers: NodeJS.Timeout[] = [];

afterEach(async () => {
  for (const timer of timers.splice(0)) clearInterval(timer);
  for (const socket of sockets.splice(0)) socket.destroy();
  await app.close();
});

async function start(keys: Record<string, unknown>): Promise<void> {
  app = await wholeApp({
    adminAccessKeyId: KEY.id,
    adminSecretAccessKey: KEY.secret,
    ...keys,
  });
  url = app.url;
  const headers = { authorization, 'content-type': 'application/json' };
  const body = JSON.stringify({ name: 'lake', storage_namespace: 'local://lake/' });
  await fetch(`${url}/api/v1/repositories`, { method: 'POST', headers, body });
}

const figure = async (series: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return Number(line?.split(' ').at(-1));
};

async function until(fact: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 2_000; tries++) {
    if (await fact()) return;
    await delay(10);
  }
  throw new Error('it did not come true');
}

/** A connection of which every byte is ours to send. */
class Line {
  said = '';
  isClosed = false;
  readonly #socket: Socket;

  constructor() {
    this.#socket = connect(Number(new URL(url).port), '127.0.0.1');
    sockets.push(this.#socket);
    this.#socket.on('data', (chunk: Buffer) => (this.said += chunk.toString('latin1')));
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => (this.isClosed = true));
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  /** Reads the first bytes and no more, so that what is sent to it stands still. */
  readOnce(): void {
    this.#socket.once('data', () => this.#socket.pause());
  }

  get status(): number | undefined {
    const found = [...this.said.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].at(-1)?.[1];
    return found === undefined ? undefined : Number(found);
  }
}

/** Begins an upload of so many bytes, and sends none of them. */
function upload(path: string, sizeBytes: number, more = ''): Line {
  const line = new Line();
  line.send(
    `POST /api/v1/repositories/lake/branches/main/objects?path=${path} HTTP/1.1\r\n` +
      `Host: x\r\nAuthorization: ${authorization}\r\nContent-Length: ${sizeBytes}\r\n` +
      `Content-Type: application/octet-stream\r\n${more}\r\n`,
  );
  return line;
}

const admitted = (kind: string) => figure(`moraine_http_admitted{kind="${kind}"}`);
const waiting = () => figure('moraine_http_waiting');
const stat = (path: string) =>
  fetch(`${url}/api/v1/repositories/lake/refs/main/objects/stat?path=${path}`, {
    headers: { authorization },
  });

describe('a server that is asked for more than it takes', () => {
  it('lets uploads wait, turns the rest away before their bodies, and goes on', async () => {
    await start({ uploadsMax: 1, waitingMax: 1, waitMsMax: 60_000 });
    const first = upload('first', 5);
    await until(async () => (await admitted('upload')) === 1);
    const second = upload('second', 6);
    await until(async () => (await waiting()) === 1);
    const third = upload('third', 1_000_000_000);
    await until(() => third.status === 503);
    expect(third.said).toMatch(/\r\nretry-after: 1\r\n/);
    expect(third.said).toMatch(/\r\nx-request-id: [\da-f-]{36}\r\n/);
    expect(third.said).toContain('{"message":"too many requests waiting, try again later"}');
    // Who has sent all of it keeps its connection.
    const small = upload('small', 5);
    small.send('hello');
    await until(() => small.status === 503);
    small.send('GET /_health HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => small.said.includes('HTTP/1.1 200'));
    // What uploads do holds up nobody else.
    expect((await stat('nothing')).status).toBe(404);
    first.send('hello');
    await until(() => first.status === 201);
    second.send('hello!');
    await until(() => second.status === 201);
    expect(await Promise.all(['first', 'second'].map(async (p) => (await stat(p)).status))).toEqual(
      [200, 200],
    );
    expect(await figure('moraine_http_refused_total{reason="full"}')).toBe(2);
    // Its body never comes, so its connection goes, after a while.
    await until(() => third.isClosed);
    expect(small.isClosed).toBe(false);
    expect([await admitted('upload'), await waiting()]).toEqual([0, 0]);
  }, 60_000);

  it('says so to who has waited too long, and forgets who has gone', async () => {
    await start({ uploadsMax: 1, waitingMax: 2, waitMsMax: 300 });
    upload('first', 5);
    await until(async () => (await admitted('upload')) === 1);
    const late = upload('late', 5);
    await until(() => late.status === 503);
    expect(await figure('moraine_http_refused_total{reason="late"}')).toBe(1);
    expect(await waiting()).toBe(0);
  }, 60_000);

  it('asks for a body that waits to be asked for only when there is a place for it', async () => {
    await start({ uploadsMax: 1, waitingMax: 1, waitMsMax: 60_000 });
    const expects = 'Expect: 100-continue\r\n';
    const first = upload('first', 5, expects);
    await until(() => first.status === 100);
    const second = upload('second', 5, expects);
    await until(async () => (await waiting()) === 1);
    const third = upload('third', 5, expects);
    await until(() => third.isClosed);
    expect(third.said).toMatch(/^HTTP\/1\.1 503 /);
    expect(third.said).toMatch(/\r\nconnection: close\r\n/i);
    expect(second.said).toBe('');
    first.send('hello');
    await until(() => first.status === 201);
    await until(() => second.status === 100);
    second.send('hello');
    await until(() => second.status === 201);
  }, 60_000);

  it('is asked how it is at any time', async () => {
    await start({ requestsMax: 1, uploadsMax: 1, waitingMax: 0 });
    const slow = new Line();
    slow.send(
      `POST /api/v1/repositories HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    );
    await until(async () => (await admitted('request')) === 1);
    expect((await stat('any')).status).toBe(503);
    for (const path of ['/_health', '/readyz', '/metrics', '/api/v1/healthcheck']) {
      expect((await fetch(url + path)).ok).toBe(true);
    }
  }, 60_000);
});

describe('a client that stands still', () => {
  it('is let go of in its headers and in a body of JSON', async () => {
    await start({ headersMsMax: 400, bodyMsMax: 400 });
    const silent = new Line();
    const headers = new Line();
    headers.send('GET /_health HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    timers.push(setInterval(() => headers.send('a'), 50));
    const body = new Line();
    body.send(
      `POST /api/v1/repositories HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    );
    await until(() => silent.isClosed && headers.isClosed && body.isClosed);
    expect([headers.status, body.status]).toEqual([408, 408]);
  }, 60_000);

  it('is let go of in an upload, and one that moves is not, however long it takes', async () => {
    await start({ stallMsMax: 1_000, bytesPerSecondMin: 100, bodyMsMax: 500 });
    const still = upload('still', 100);
    const dribbling = upload('dribbling', 1_000);
    const moving = upload('moving', 8_000);
    let left = 8_000;
    // Behind its body whatever is sent would be another request, and none.
    const move = () => {
      if (left > 0) moving.send('a'.repeat(100));
      left -= 100;
    };
    timers.push(
      setInterval(() => dribbling.send('a'), 100),
      setInterval(move, 50),
    );
    await until(() => still.isClosed && dribbling.isClosed);
    await until(() => moving.status !== undefined);
    expect([still.status, dribbling.status, moving.status]).toEqual([408, 408, 201]);
    expect((await stat('dribbling')).status).toBe(404);
    await until(async () => (await admitted('upload')) === 0);
  }, 60_000);

  it('is let go of when it does not read what it asked for', async () => {
    await start({ stallMsMax: 1_000, requestsMax: 1, waitingMax: 0 });
    const body = 'x'.repeat(32 * 1024 * 1024);
    const headers = { authorization, 'content-type': 'application/octet-stream' };
    const put = `${url}/api/v1/repositories/lake/branches/main/objects?path=large`;
    expect((await fetch(put, { method: 'POST', headers, body })).status).toBe(201);
    const reader = new Line();
    reader.send(
      'GET /api/v1/repositories/lake/refs/main/objects?path=large HTTP/1.1\r\n' +
        `Host: x\r\nAuthorization: ${authorization}\r\n\r\n`,
    );
    reader.readOnce();
    await until(() => reader.status === 200);
    // It holds no place of those that are worked on.
    expect((await stat('large')).status).toBe(200);
    expect(await figure('moraine_http_requests_in_flight')).toBe(2);
    await until(async () => (await figure('moraine_http_requests_cut_total')) === 1);
  }, 60_000);
});
