// A URL that carries its own permission: one method, one address, until one moment. Everything that
// it says is signed, so that it can be neither moved nor stretched.
//
//   <base>/_blocks/<scheme>/<name>/…/<name>?X-Amz-Date=…&X-Amz-Expires=…&…&signature=…
//   <base>/_parts/<repository uid>/<upload>/<number>?…
//
// The time stands in S3's two parameters, since lakectl looks there whether a URL is worth using.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { DomainError } from '../domain/errors.js';

export const BLOCKS_PREFIX = '/_blocks';
export const PARTS_PREFIX = '/_parts';
/** The label of the key that URLs are signed with. */
export const BLOCK_URL_KEY_LABEL = 'block-url';

/** What a URL allows. */
export interface Grant {
  /** `GET` allows `HEAD` as well. */
  readonly method: 'GET' | 'PUT';
  /** Below the base, its names not escaped: `/_blocks/local/lake/data/…`. */
  readonly path: string;
  /** What the answer says of the bytes; only what a block's own name does not tell. */
  readonly answer: AnswerFields;
}

export interface AnswerFields {
  readonly contentType?: string;
  /** Text of the header, `attachment; filename=…`. */
  readonly contentDisposition?: string;
  /** Without quotes. */
  readonly checksum?: string;
  /** UTC, epoch; a whole second. */
  readonly modifiedAtMs?: number;
}

export interface SignedUrl {
  readonly url: string;
  /** UTC, epoch; a whole second. */
  readonly expiresAtMs: number;
}

/** What came in: the method, the path with its names decoded, and the query's parameters. */
export interface PresentedUrl {
  readonly method: 'GET' | 'PUT';
  readonly path: string;
  /** Returns a decoded parameter. @throws DomainError invalid  given twice */
  text(name: string): string | undefined;
}

export interface BlockUrlSettings {
  /** 32 bytes that sign URLs and nothing else. */
  readonly key: Uint8Array;
  readonly ttlMs: number;
  /** UTC, epoch. */
  readonly nowMs: () => number;
}

/** Signs URLs of blocks, and says of one that comes back what it allows. */
export class BlockUrls {
  constructor(private readonly settings: BlockUrlSettings) {}

  /** @param base  `https://host:port`, without a slash at its end */
  sign(base: string, grant: Grant): SignedUrl {
    const atSeconds = Math.floor(this.settings.nowMs() / 1000);
    const seconds = Math.floor(this.settings.ttlMs / 1000);
    const time = { date: dateText(atSeconds), expires: String(seconds) };
    const query = new URLSearchParams({ [DATE]: time.date, [EXPIRES]: time.expires });
    for (const [name, value] of answerPairs(grant.answer)) query.set(name, value);
    query.set(SIGNATURE, this.#signature(grant, time));
    const path = grant.path.split('/').map(encodeURIComponent).join('/');
    // Form encoding writes a space as `+`, which not every client leaves alone.
    const text = query.toString().replaceAll('+', '%20');
    return { url: `${base}${path}?${text}`, expiresAtMs: (atSeconds + seconds) * 1000 };
  }

  /**
   * Returns what a presented URL says of the answer, once it is sure that we have said it.
   *
   * @throws DomainError url_invalid  not of our making, or changed; url_expired
   */
  verify(url: PresentedUrl): AnswerFields {
    const time = { date: url.text(DATE) ?? '', expires: url.text(EXPIRES) ?? '' };
    const answer = answerOf(url);
    // As text: the last character of base64 has bits that mean nothing.
    const given = Buffer.from(url.text(SIGNATURE) ?? '');
    const { method, path } = url;
    const right = Buffer.from(this.#signature({ method, path, answer }, time));
    if (given.length !== right.length || !timingSafeEqual(given, right)) {
      throw new DomainError('url_invalid');
    }
    // Signed by us, so both are of the form that we write.
    const untilMs = dateMs(time.date) + Number(time.expires) * 1000;
    if (this.settings.nowMs() >= untilMs) throw new DomainError('url_expired');
    return answer;
  }

  #signature(
    { method, path, answer }: Pick<Grant, 'method' | 'path' | 'answer'>,
    { date, expires }: { date: string; expires: string },
  ): string {
    // As JSON no part can run into the next one.
    const said = JSON.stringify([VERSION, method, path, date, expires, answerPairs(answer)]);
    return createHmac('sha256', this.settings.key).update(said).digest('base64url');
  }
}

/** Returns the path of a URL for a block: `local://lake/data/x` is `/_blocks/local/lake/data/x`. */
export function blockPath(address: string): string {
  return `${BLOCKS_PREFIX}/${address.replace('://', '/')}`;
}

/** Reads such a path back. @throws DomainError url_invalid */
export function addressOfPath(path: string): string {
  const [, scheme, rest] = /^\/_blocks\/([a-z0-9+.-]+)\/(.+)$/s.exec(path) ?? [];
  if (scheme === undefined || rest === undefined) throw new DomainError('url_invalid');
  return `${scheme}://${rest}`;
}

function answerPairs(answer: AnswerFields): readonly (readonly [string, string])[] {
  const { contentType, contentDisposition, checksum, modifiedAtMs } = answer;
  const pairs = [
    [CONTENT_TYPE, contentType],
    [CONTENT_DISPOSITION, contentDisposition],
    [CHECKSUM, checksum],
    [MODIFIED, modifiedAtMs === undefined ? undefined : String(Math.floor(modifiedAtMs / 1000))],
  ] as const;
  return pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

function answerOf(url: PresentedUrl): AnswerFields {
  const contentType = url.text(CONTENT_TYPE);
  const contentDisposition = url.text(CONTENT_DISPOSITION);
  const checksum = url.text(CHECKSUM);
  const modified = url.text(MODIFIED);
  if (modified !== undefined && !/^-?\d{1,12}$/.test(modified))
    throw new DomainError('url_invalid');
  return {
    ...(contentType !== undefined && { contentType }),
    ...(contentDisposition !== undefined && { contentDisposition }),
    ...(checksum !== undefined && { checksum }),
    ...(modified !== undefined && { modifiedAtMs: Number(modified) * 1000 }),
  };
}

/** `20261121T124500Z`. */
function dateText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

function dateMs(text: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)?.slice(1).map(Number) ?? [];
  const [year = 0, month = 0, day = 0, ...time] = parts;
  return Date.UTC(year, month - 1, day, ...time);
}

const VERSION = 1;
const DATE = 'X-Amz-Date';
const EXPIRES = 'X-Amz-Expires';
const SIGNATURE = 'signature';
const CONTENT_TYPE = 'response-content-type';
const CONTENT_DISPOSITION = 'response-content-disposition';
const CHECKSUM = 'checksum';
const MODIFIED = 'modified';
