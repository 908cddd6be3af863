import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { Dicer } from '@fastify/busboy';
import { DomainError } from '../domain/errors.js';
import type { EdgeRequest } from './caller.js';

/** A body on its way in. */
export interface UploadBody {
  readonly body: AsyncIterable<Uint8Array>;
  /** "" when the client named none. */
  readonly contentType: string;
}

/**
 * Hands on the body of an upload: the request's own, or the part called `content` of a form.
 * Nothing is kept in memory, and the client is read no faster than the body is taken.
 *
 * The body throws when the client goes away, or when the form ends too early.
 *
 * @throws DomainError invalid  a form with no boundary, or with no such part
 */
export async function takeUpload<Result>(
  request: EdgeRequest,
  take: (upload: UploadBody) => Promise<Result>,
): Promise<Result> {
  try {
    return await take(await uploadBodyOf(request));
  } finally {
    // What nobody took is read away: else the next request of this connection waits behind it.
    request.raw.unpipe();
    request.raw.resume();
  }
}

/**
 * Hands on the body of a request as it is, whatever it is called; no more than that.
 *
 * The body throws when the client goes away, or when it is not what `Content-MD5` says.
 */
export async function takeBody<Result>(
  request: EdgeRequest,
  take: (body: AsyncIterable<Uint8Array>) => Promise<Result>,
): Promise<Result> {
  try {
    const body = bytesOf((request.body as Readable | undefined) ?? Readable.from([]));
    const md5 = request.headers['content-md5'];
    return await take(md5 === undefined ? body : verified(body, String(md5)));
  } finally {
    request.raw.resume();
  }
}

async function* verified(body: AsyncIterable<Uint8Array>, md5: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('md5');
  for await (const chunk of body) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('base64') !== md5) throw invalid('Content-MD5', 'is not that of the body');
}

async function uploadBodyOf(request: EdgeRequest): Promise<UploadBody> {
  const { contentType } = request;
  // No body at all is an empty one.
  const source = (request.body as Readable | undefined) ?? Readable.from([]);
  if (!/^\s*multipart\/form-data\s*(?:;|$)/i.test(contentType)) {
    return { body: bytesOf(source), contentType };
  }
  const boundary = /;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType);
  const found = boundary?.[1] ?? boundary?.[2];
  if (found === undefined) throw invalid('Content-Type', 'multipart/form-data without a boundary');
  return contentPartOf(source, found);
}

/** A stream, read so that giving up leaves the connection open: an answer is still to be sent. */
function bytesOf(source: Readable): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => source.iterator({ destroyOnReturn: false }),
  };
}

/** Resolves once the part has begun; what stands before it is passed over. */
function contentPartOf(source: Readable, boundary: string): Promise<UploadBody> {
  const form = new Dicer({ boundary });
  return new Promise((resolve, reject) => {
    let content: Dicer.PartStream | undefined;
    let failure: Error | undefined;
    const fail = (error: Error) => {
      source.unpipe(form);
      failure ??= error;
      if (content !== undefined && !content.readableEnded) content.destroy(error);
      reject(error);
    };
    form.on('part', (part) => {
      part.on('error', () => {});
      part.on('header', (headers) => {
        const { disposition, contentType } = partHeaders(headers);
        if (content !== undefined || !isContent.test(disposition)) return void part.resume();
        content = part;
        resolve({ body: partOf(part, () => failure), contentType });
      });
    });
    form.on('finish', () => reject(invalid('content', 'no such part in the form')));
    form.on('error', () => fail(invalid('content', 'the form ends before its last boundary')));
    source.on('error', fail);
    source.pipe(form);
  });
}

/** The parser ends a broken part with an error of its own; ours says what is wrong. */
async function* partOf(
  part: Readable,
  failure: () => Error | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    yield* bytesOf(part);
  } catch (error) {
    throw failure() ?? error;
  }
}

function partHeaders(headers: object): { disposition: string; contentType: string } {
  const given = headers as Readonly<Record<string, readonly string[] | undefined>>;
  return {
    disposition: given['content-disposition']?.[0] ?? '',
    contentType: given['content-type']?.[0] ?? '',
  };
}

function invalid(field: string, reason: string): DomainError {
  return new DomainError('invalid', { field, reason });
}

const isContent = /;\s*name=(?:"content"|content)\s*(?:;|$)/i;
