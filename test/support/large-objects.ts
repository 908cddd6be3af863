import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export const MIB = 1024 * 1024;

const KEYS = { id: 'AKIAJEXAMPLEEXAMPLEQ', secret: 'a secret for tests' };
const authorization = `Basic ${btoa(`${KEYS.id}:${KEYS.secret}`)}`;
const BOUNDARY = 'a-boundary-of-a-form';
const FORM_HEAD = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="content"\r\n\r\n`;
const FORM_TAIL = `\r\n--${BOUNDARY}--\r\n`;
/** Of one of the ranges that are read. */
const RANGE_BYTES = 4 * MIB;

/** A server of its own process, with nothing in it but its block store that could grow. */
export class LargeObjectServer {
  private constructor(
    private readonly child: ChildProcess,
    private readonly api: string,
    private readonly folder: string,
  ) {}

  static async start(): Promise<LargeObjectServer> {
    const folder = await mkdtemp(join(tmpdir(), 'moraine-large-'));
    const child = spawn(process.execPath, ['dist/cli.js', 'serve'], {
      env: {
        PATH: process.env['PATH'],
        MORAINE_DATA: folder,
        MORAINE_LISTEN: '127.0.0.1:0',
        MORAINE_EVENT_LOG: 'memory',
        MORAINE_ADMIN_ACCESS_KEY_ID: KEYS.id,
        MORAINE_ADMIN_SECRET_ACCESS_KEY: KEYS.secret,
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let said = '';
    for await (const chunk of child.stdout) {
      said += String(chunk);
      const url = /listens on (\S+)\n/.exec(said)?.[1];
      if (url === undefined) continue;
      const server = new LargeObjectServer(child, `${url}/api/v1`, folder);
      await server.#create();
      return server;
    }
    throw new Error(`it ended without listening: ${said}`);
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill();
    await ended;
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Returns the most memory that it held while work went on, in bytes. */
  async peakDuring(work: () => Promise<unknown>): Promise<number> {
    const of = `/proc/${this.child.pid}`;
    await writeFile(`${of}/clear_refs`, '5');
    await work();
    const kib = /^VmHWM:\s*(\d+) kB/m.exec(await readFile(`${of}/status`, 'utf8'))?.[1];
    return Number(kib) * 1024;
  }

  /** Takes an object up, as it is and in a form, and down, whole and in ranges; then deletes it. */
  async roundTrip(path: string, sizeBytes: number): Promise<void> {
    await this.#upload(path, sizeBytes, false);
    await this.#same(path, sizeBytes);
    await this.#upload(path, sizeBytes, true);
    for (const start of [0, Math.floor(sizeBytes / 2), sizeBytes - RANGE_BYTES]) {
      await this.#range(path, start);
    }
    await (await this.#send('DELETE', this.#objects('branches/main', path))).resume();
  }

  async #create(): Promise<void> {
    const json = JSON.stringify({ name: 'large', storage_namespace: 'local://large' });
    const headers = { 'content-type': 'application/json', 'content-length': json.length };
    const body = Readable.from([json]);
    const answer = await this.#send('POST', '/repositories', { headers, body });
    answer.resume();
  }

  async #upload(path: string, sizeBytes: number, isForm: boolean): Promise<void> {
    const framed = isForm ? FORM_HEAD.length + FORM_TAIL.length : 0;
    const type = isForm ? `multipart/form-data; boundary=${BOUNDARY}` : 'application/octet-stream';
    const headers = { 'content-type': type, 'content-length': sizeBytes + framed };
    const body = Readable.from(isForm ? formOf(sizeBytes) : chunksOf(sizeBytes));
    const answer = await this.#send('POST', this.#objects('branches/main', path), {
      headers,
      body,
    });
    const text = Buffer.concat(await answer.toArray()).toString();
    const stored = JSON.parse(text) as { checksum?: string; size_bytes?: number };
    if (stored.checksum !== checksumOf(sizeBytes) || stored.size_bytes !== sizeBytes) {
      throw new Error(`${path}: ${answer.statusCode} ${text}`);
    }
  }

  async #same(path: string, sizeBytes: number): Promise<void> {
    const answer = await this.#send('GET', this.#objects('refs/main', path));
    let seenBytes = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      if (!isOfPattern(chunk, seenBytes)) throw new Error(`${path} is another one at ${seenBytes}`);
      seenBytes += chunk.length;
    }
    if (seenBytes !== sizeBytes) throw new Error(`${path} came back as ${seenBytes} bytes`);
  }

  async #range(path: string, start: number): Promise<void> {
    const headers = { range: `bytes=${start}-${start + RANGE_BYTES - 1}` };
    const answer = await this.#send('GET', this.#objects('refs/main', path), { headers });
    const part = Buffer.concat(await answer.toArray());
    const isSame = part.length === RANGE_BYTES && isOfPattern(part, start);
    if (answer.statusCode !== 206 || !isSame) {
      throw new Error(`${path} from ${start}: ${answer.statusCode}, ${part.length} bytes`);
    }
  }

  #objects(of: string, path: string): string {
    return `/repositories/large/${of}/objects?path=${path}`;
  }

  async #send(
    method: string,
    path: string,
    { headers = {}, body }: { headers?: Record<string, string | number>; body?: Readable } = {},
  ): Promise<IncomingMessage> {
    // A connection each: one that stood still while this process counted may be closed by then.
    const all = { authorization, ...headers };
    const sent = request(this.api + path, { method, headers: all, agent: false });
    const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
    await (body ? pipeline(body, sent) : sent.end());
    const [answer] = await answered;
    return answer;
  }
}

const PATTERN = Buffer.from(Array.from({ length: MIB }, (_, at) => patternAt(at)));

/** Repeats with no power of two, so that a part from a wrong place shows. */
function patternAt(at: number): number {
  return (at * 31 + (at >>> 8)) % 251;
}

/** Whether bytes are those of a large object from an offset on. */
function isOfPattern(bytes: Buffer, offset: number): boolean {
  for (let at = 0; at < bytes.length;) {
    const from = (offset + at) % MIB;
    const part = PATTERN.subarray(from, from + bytes.length - at);
    if (part.compare(bytes, at, at + part.length) !== 0) return false;
    at += part.length;
  }
  return true;
}

const checksums = new Map<number, string>();

/** Counted once for each size: it costs as much as what is measured. */
function checksumOf(sizeBytes: number): string {
  const known = checksums.get(sizeBytes);
  if (known !== undefined) return known;
  const hash = createHash('md5');
  for (const chunk of chunksOf(sizeBytes)) hash.update(chunk);
  const checksum = hash.digest('hex');
  checksums.set(sizeBytes, checksum);
  return checksum;
}

function* formOf(sizeBytes: number): Generator<Buffer> {
  yield Buffer.from(FORM_HEAD);
  yield* chunksOf(sizeBytes);
  yield Buffer.from(FORM_TAIL);
}

function* chunksOf(sizeBytes: number): Generator<Buffer> {
  for (let left = sizeBytes; left > 0; left -= MIB) {
    yield left >= MIB ? PATTERN : PATTERN.subarray(0, left);
  }
}

export interface LargeObjectPeaks {
  readonly smallBytes: number;
  readonly largeBytes: number;
  readonly fourBytes: number;
}

/** Returns what a server holds at most: with small objects, a large one, four small at once. */
export async function peaksOf(
  server: LargeObjectServer,
  { smallBytes, largeBytes }: { readonly smallBytes: number; readonly largeBytes: number },
): Promise<LargeObjectPeaks> {
  const one = (sizeBytes: number) => () => server.roundTrip('one', sizeBytes);
  // As many bytes as the large one has: how much garbage lies about at most is up to how many came.
  const small = async () => {
    for (let done = 0; done < largeBytes; done += smallBytes) await one(smallBytes)();
  };
  const four = () =>
    Promise.all(['a', 'b', 'c', 'd'].map((path) => server.roundTrip(path, smallBytes)));
  for (const sizeBytes of [smallBytes, largeBytes]) checksumOf(sizeBytes);
  // What a process comes to hold whatever it does is no growth.
  await server.roundTrip('warm', smallBytes);
  return {
    smallBytes: await server.peakDuring(small),
    largeBytes: await server.peakDuring(one(largeBytes)),
    fourBytes: await server.peakDuring(four),
  };
}
