import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CorruptData } from '../ports/store-errors.js';
import type { FoundObject } from '../queries/stat-object.js';
import { type ByteRange, byteRangeOf } from './byte-range.js';
import { DEFAULT_CONTENT_TYPE } from './wire.js';

/** What stands before an object's bytes, or in place of them. */
export function objectHeaders({ entry }: FoundObject): Record<string, string> {
  const contentType = sendable(entry.contentType) ? entry.contentType : '';
  return {
    etag: entityTag(entry.checksum),
    'last-modified': new Date(entry.modifiedAtMs).toUTCString(),
    'content-type': contentType || DEFAULT_CONTENT_TYPE,
    // No browser and no proxy may keep what the next reader may not see.
    'cache-control': 'no-store, must-revalidate',
    expires: '0',
  };
}

/**
 * Returns the part of an object that a request asks for; undefined: all of it, also when the client
 * has the rest of what is another object by now (`If-Range`).
 *
 * @throws whatever `byteRangeOf` does
 */
export function rangeAsked(
  { range, 'if-range': ofTag }: IncomingHttpHeaders,
  found: FoundObject,
): ByteRange | undefined {
  if (!range || (ofTag !== undefined && !isTagOf(ofTag, found))) return undefined;
  return byteRangeOf(range, found.entry.sizeBytes);
}

/** Whether the client has the object already. */
export function isKnown(
  { 'if-none-match': tag }: IncomingHttpHeaders,
  found: FoundObject,
): boolean {
  return tag !== undefined && isTagOf(tag, found);
}

/**
 * Compared as text: of a list, or of a weak tag, nothing is known. What has no checksum has the
 * same tag as all that have none, which tells nothing either.
 */
function isTagOf(tag: string | readonly string[], { entry }: FoundObject): boolean {
  return tag !== NO_TAG && tag === entityTag(entry.checksum);
}

/** How long the answer is, and of which part; by it the status is 200 or 206. */
export function lengthHeaders(
  { entry }: FoundObject,
  range: ByteRange | undefined,
): Record<string, string> {
  if (range === undefined) return { 'content-length': String(entry.sizeBytes) };
  return {
    'content-length': String(range.end - range.start + 1),
    'content-range': `bytes ${range.start}-${range.end}/${entry.sizeBytes}`,
  };
}

export interface Sent {
  readonly range: ByteRange | undefined;
  /** At hand, they are as many as the answer promises. */
  readonly bytes: Readable | Uint8Array;
  /** Left out: shown when a browser may show its type, else saved. */
  readonly disposition?: string | undefined;
}

/** Sends an object's bytes, none too few and none too many. */
export function sendObject(
  reply: FastifyReply,
  found: FoundObject,
  { range, bytes, disposition }: Sent,
): void {
  const usual = inlineTypes.has(found.entry.contentType) ? 'inline' : 'attachment';
  const length = lengthHeaders(found, range);
  const body =
    bytes instanceof Readable
      ? Readable.from(exactly(bytes, Number(length['content-length'])), { objectMode: false })
      : bytes;
  void reply
    .status(range === undefined ? 200 : 206)
    .headers(objectHeaders(found))
    .headers(length)
    .headers(sandboxOf(found.entry.contentType))
    .header('content-disposition', disposition ?? usual)
    .send(body);
}

/** Sends bytes that are no object of anybody's. */
export function sendBlock(reply: FastifyReply, bytes: Readable, sizeBytes: number): void {
  void reply
    .status(200)
    .headers({ ...sandboxOf(DEFAULT_CONTENT_TYPE), 'content-type': DEFAULT_CONTENT_TYPE })
    .header('content-length', String(sizeBytes))
    .send(Readable.from(exactly(bytes, sizeBytes), { objectMode: false }));
}

/** Sends what is known of an object and no bytes. */
export function sendObjectHead(
  reply: FastifyReply,
  found: FoundObject,
  range: ByteRange | undefined,
): void {
  void reply
    .status(range === undefined ? 200 : 206)
    .headers(objectHeaders(found))
    .headers(lengthHeaders(found, range))
    .header('accept-ranges', 'bytes')
    .send();
}

/** The bytes are to be had there. */
export function sendTo(reply: FastifyReply, { url }: { readonly url: string }): void {
  void reply
    .status(302)
    .header('location', url)
    .header('cache-control', 'no-store, must-revalidate')
    .send();
}

/** The client has it already. */
export function sendNotModified(reply: FastifyReply, { entry }: FoundObject): void {
  void reply.status(304).header('etag', entityTag(entry.checksum)).send();
}

/** Sends what was written down as JSON already. */
export function sendJsonText(reply: FastifyReply, text: string): void {
  void reply.header('content-type', 'application/json').serializer(String).send(text);
}

export function entityTag(checksum: string): string {
  return sendable(checksum) ? `"${checksum.replaceAll('"', '')}"` : NO_TAG;
}

const NO_TAG = '""';

/**
 * Passes bytes on and breaks off when they are not as many as the answer has promised; otherwise
 * the client would take the next answer on its connection for the rest of this one.
 */
async function* exactly(source: Readable, sizeBytes: number): AsyncGenerator<Buffer> {
  let left = sizeBytes;
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      left -= chunk.length;
      if (left < 0) break;
      yield chunk;
    }
    if (left !== 0) throw new CorruptData(`an object of ${sizeBytes} bytes has another length`);
  } catch (error) {
    // No status can say it any more.
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
    logger.error(`an answer broke off in the middle of an object: ${said}`);
    throw error;
  }
}

const logger = new Logger('api');

/** What may stand in a header. An entry may come from anywhere and hold anything. */
function sendable(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}

/**
 * Whatever an object is, it runs nothing in our origin, where its reader may be signed in, and is
 * framed by nobody else. A browser shows no PDF in a sandbox; its scripts are its viewer's own.
 */
function sandboxOf(contentType: string): Record<string, string> {
  return {
    'x-frame-options': 'SAMEORIGIN',
    'content-security-policy':
      contentType === 'application/pdf' ? "default-src 'none'" : "default-src 'none'; sandbox",
  };
}

/** What a browser may show; all else it is to save, and so what could hold a script. */
const inlineTypes: ReadonlySet<string> = new Set([
  'application/javascript',
  'application/json',
  'application/pdf',
  'audio/mpeg',
  'audio/wav',
  'audio/webm',
  'image/gif',
  'image/jpeg',
  'image/jpg',
  'image/png',
  'image/webp',
  'text/css',
  'text/javascript',
  'text/markdown',
  'text/plain',
  'text/x-markdown',
  'video/mp4',
  'video/webm',
]);
