// Uploads of 1 KiB over kept connections, at a fraction of the cost of a general load generator:
// requests are bytes made beforehand, and of an answer only its head is read. The server under
// test keeps nearly all of the machine, which is what an overload is about.
import { createConnection } from 'node:net';

const BODY = Buffer.alloc(1024, 0x6d);

/** What came of one request. */
export const DONE = 'done';
export const TURNED_AWAY = 'turnedAway';
export const FAILED = 'failed';

/**
 * One connection that sends one upload at a time, and is made anew when the server ends it.
 */
export class Uploader {
  #socket;
  #text = '';
  #answered;
  #bodyLeft = 0;
  #ends = false;
  #count = 0;

  /** @param {{ url: URL, authorization: string, repository: string, number: number }} options */
  constructor(options) {
    this.options = options;
  }

  /** Sends one upload. @returns {Promise<{ outcome: string, tookMs: number, said: string }>} */
  async upload() {
    const startedMs = performance.now();
    const said = await this.#send(this.#request());
    return { outcome: outcomeOf(said), tookMs: performance.now() - startedMs, said };
  }

  close() {
    this.#socket?.destroy();
  }

  #request() {
    const { url, authorization, repository, number } = this.options;
    const path = `w-${number}/${this.#count++}`;
    return Buffer.concat([
      Buffer.from(
        `POST /api/v1${repository}/branches/main/objects?path=${path} HTTP/1.1\r\n` +
          `Host: ${url.host}\r\nAuthorization: ${authorization}\r\n` +
          'Content-Type: application/octet-stream\r\n' +
          `Content-Length: ${BODY.length}\r\n\r\n`,
      ),
      BODY,
    ]);
  }

  #send(bytes) {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#connected().write(bytes);
    });
  }

  #connected() {
    if (this.#socket) return this.#socket;
    const { url } = this.options;
    const socket = createConnection({ host: url.hostname, port: Number(url.port) });
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#read(chunk));
    const over = (error) => {
      if (this.#socket === socket) this.#socket = undefined;
      this.#text = '';
      this.#bodyLeft = 0;
      this.#answer(`no answer: ${error?.message ?? 'closed'}`);
    };
    socket.on('error', over);
    socket.on('close', () => over());
    return (this.#socket = socket);
  }

  #read(chunk) {
    if (this.#bodyLeft > 0) return this.#skip(chunk.length);
    this.#text += chunk.toString('latin1');
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#text.slice(0, end);
    const body = this.#text.length - end - 4;
    this.#text = head;
    this.#ends = /^connection: close/im.test(head);
    this.#bodyLeft = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
    this.#skip(body);
  }

  #skip(length) {
    this.#bodyLeft -= length;
    if (this.#bodyLeft > 0) return;
    const head = this.#text;
    this.#text = '';
    if (this.#ends) {
      const socket = this.#socket;
      this.#socket = undefined;
      socket?.destroy();
    }
    this.#answer(head);
  }

  #answer(said) {
    const answered = this.#answered;
    this.#answered = undefined;
    answered?.(said);
  }
}

function outcomeOf(said) {
  if (said.startsWith('HTTP/1.1 201')) return DONE;
  const isTurnedAway = said.startsWith('HTTP/1.1 503') && /^retry-after: \d+/im.test(said);
  return isTurnedAway ? TURNED_AWAY : FAILED;
}
