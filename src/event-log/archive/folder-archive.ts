import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { EventArchive } from '../../ports/event-archive.js';
import type { ArchiveAbout, ArchivePart, ArchiveScope } from '../../ports/event-archive.js';
import type { RecordedEvent } from '../../ports/event-log.js';
import { CorruptData } from '../../ports/store-errors.js';
import { assert } from '../../shared/assert.js';
import { fromUtf8, utf8 } from '../../shared/bytes.js';
import { fromLine, toLine } from './event-line.js';

const compress = promisify(gzip);
const expand = promisify(gunzip);

const FORMAT = 'moraine-events';
const VERSION = 1;
const ABOUT_FILE = 'archive.json';
const PARTS_FILE = 'parts.ndjson';
/** Half of the size at a fifth of the time of the usual level. */
const GZIP_LEVEL = 2;
/** What claims to be larger is no part of ours. */
const PART_BYTES_MAX = 512 * 1024 * 1024;

/**
 * An archive in a folder: docs/formats/event-archive.md has every file of it.
 *
 * A part's file is durable under its name before the list of parts names it, so that whatever the
 * list names is whole; what a crash leaves behind besides is written again.
 */
export class FolderArchive extends EventArchive {
  constructor(private readonly folder: string) {
    super();
  }

  async about(): Promise<ArchiveAbout | undefined> {
    const bytes = await this.#bytesOf(ABOUT_FILE);
    if (bytes === undefined) return undefined;
    const about = parsed<StoredAbout>(bytes, ABOUT_FILE);
    if (about.format !== FORMAT) throw new CorruptData(`${ABOUT_FILE} is no archive of events`);
    if (about.version !== VERSION) {
      throw new CorruptData(`${ABOUT_FILE}: version ${about.version} is of another program`);
    }
    const { scope, after, before } = about;
    return { scope, after, ...(before && { before }) };
  }

  async begin(about: ArchiveAbout): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    assert((await this.about()) === undefined, 'an archive begins once');
    await this.#write(ABOUT_FILE, utf8(`${JSON.stringify({ ...stored, ...about }, null, 2)}\n`));
  }

  async parts(): Promise<readonly ArchivePart[]> {
    return (await this.#listed()).parts;
  }

  async append(events: readonly RecordedEvent[]): Promise<ArchivePart> {
    const last = events.at(-1);
    assert(last !== undefined, 'a part has an event');
    const { parts, sizeBytes } = await this.#listed();
    const number = parts.length + 1;
    const text = events.map((event) => `${toLine(event)}\n`).join('');
    const bytes = await compress(utf8(text), { level: GZIP_LEVEL });
    await this.#write(fileOf(number), bytes);
    const part: ArchivePart = {
      number,
      eventCount: events.length,
      sha256: sha256(bytes),
      lastPosition: last.position,
    };
    await this.#list(part, sizeBytes);
    return part;
  }

  async read(part: ArchivePart): Promise<readonly RecordedEvent[]> {
    const file = fileOf(part.number);
    const bytes = await this.#bytesOf(file);
    if (bytes === undefined) throw new CorruptData(`${file} is not there`);
    if (sha256(bytes) !== part.sha256) throw new CorruptData(`${file} is not what was written`);
    const text = fromUtf8(await expand(bytes, { maxOutputLength: PART_BYTES_MAX }));
    const events = text.split('\n').slice(0, -1).map(fromLine);
    if (events.length === part.eventCount) return events;
    throw new CorruptData(`${file} has ${events.length} events, not ${part.eventCount}`);
  }

  /** Returns the parts, and how far the list is whole: a crash may have torn its last line. */
  async #listed(): Promise<{ parts: readonly ArchivePart[]; sizeBytes: number }> {
    const bytes = (await this.#bytesOf(PARTS_FILE)) ?? new Uint8Array();
    const sizeBytes = bytes.lastIndexOf(NEWLINE) + 1;
    const lines = fromUtf8(bytes.subarray(0, sizeBytes)).split('\n').slice(0, -1);
    const parts = lines.map((line) => parsed<ArchivePart>(utf8(line), PARTS_FILE));
    const wrong = parts.findIndex(({ number }, index) => number !== index + 1);
    if (wrong >= 0) throw new CorruptData(`${PARTS_FILE}: line ${wrong + 1} is not that part's`);
    return { parts, sizeBytes };
  }

  async #list(part: ArchivePart, sizeBytes: number): Promise<void> {
    const path = join(this.folder, PARTS_FILE);
    const file = await open(path, 'a');
    try {
      // What is behind the last whole line was never said to anybody.
      if ((await file.stat()).size > sizeBytes) await truncate(path, sizeBytes);
      await file.appendFile(`${JSON.stringify(part)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#syncFolder();
  }

  async #write(name: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.folder, name);
    const file = await open(`${path}.new`, 'w');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    await this.#syncFolder();
  }

  async #syncFolder(): Promise<void> {
    const folder = await open(this.folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  async #bytesOf(name: string): Promise<Buffer | undefined> {
    try {
      return await readFile(join(this.folder, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
}

interface StoredAbout extends ArchiveAbout {
  readonly format: string;
  readonly version: number;
  readonly scope: ArchiveScope;
}

const stored = { format: FORMAT, version: VERSION };
const NEWLINE = 0x0a;

const fileOf = (number: number): string => `events-${String(number).padStart(8, '0')}.ndjson.gz`;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function parsed<Value>(bytes: Uint8Array, file: string): Value {
  try {
    return JSON.parse(fromUtf8(bytes)) as Value;
  } catch (error) {
    throw new CorruptData(`${file} is no JSON`, { cause: error });
  }
}
