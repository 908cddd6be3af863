import {
  addressOfPath,
  type AnswerFields,
  blockPath,
  type BlockUrls,
  PARTS_PREFIX,
  type SignedUrl,
} from '../auth/block-urls.js';
import { DomainError } from '../domain/errors.js';
import type { RepositoryUid } from '../domain/model.js';
import type { EdgeRequest } from './caller.js';
import { queryOf } from './params.js';
import { decodePathText } from './percent.js';
import type { EdgeSettings } from './settings.js';
import { addressOf, DEFAULT_CONTENT_TYPE, type PlacedObject } from './wire.js';

/** One part of a multipart upload. */
export interface PartPlace {
  readonly uid: RepositoryUid;
  readonly uploadId: string;
  /** From 1. */
  readonly partNumber: number;
}

/** Makes presigned URLs for who asks, and reads those that come back. */
export class Presigned {
  constructor(
    private readonly urls: BlockUrls,
    private readonly settings: Pick<EdgeSettings, 'publicUrl' | 'blockStore'>,
  ) {}

  /** Returns where an object's bytes are to be had; undefined of one that lies in another store. */
  read(request: EdgeRequest, object: PlacedObject): SignedUrl | undefined {
    const address = addressOf(object);
    if (!new RegExp(this.settings.blockStore.namespaceRule).test(address)) return undefined;
    const { checksum, contentType, modifiedAtMs } = object.entry;
    return this.readBlock(request, address, {
      checksum,
      modifiedAtMs,
      contentType: contentType || DEFAULT_CONTENT_TYPE,
      contentDisposition: attachment(object.path),
    });
  }

  /** @param address  `scheme://…` */
  readBlock(request: EdgeRequest, address: string, answer: AnswerFields): SignedUrl {
    return this.urls.sign(this.#base(request), {
      method: 'GET',
      path: blockPath(address),
      answer,
    });
  }

  /** Returns where a body is to be put. @param address  `scheme://…`, issued */
  write(request: EdgeRequest, address: string): SignedUrl {
    return this.urls.sign(this.#base(request), {
      method: 'PUT',
      path: blockPath(address),
      answer: {},
    });
  }

  writePart(request: EdgeRequest, { uid, uploadId, partNumber }: PartPlace): SignedUrl {
    const path = `${PARTS_PREFIX}/${uid}/${uploadId}/${partNumber}`;
    return this.urls.sign(this.#base(request), { method: 'PUT', path, answer: {} });
  }

  /**
   * Returns which block a request may read or write, and what it is to be told of it.
   *
   * @throws DomainError url_invalid, url_expired
   */
  block(request: EdgeRequest, method: 'GET' | 'PUT'): { address: string; answer: AnswerFields } {
    const path = pathOf(request);
    const answer = this.#verify(request, method, path);
    return { address: addressOfPath(path), answer };
  }

  /** Returns which part a request may put. @throws DomainError url_invalid, url_expired */
  part(request: EdgeRequest): PartPlace {
    const path = pathOf(request);
    this.#verify(request, 'PUT', path);
    const [uid = '', uploadId = '', number = ''] = path.slice(PARTS_PREFIX.length + 1).split('/');
    return { uid: uid as RepositoryUid, uploadId, partNumber: Number(number) };
  }

  #verify(request: EdgeRequest, method: 'GET' | 'PUT', path: string): AnswerFields {
    const query = queryOf(request);
    return this.urls.verify({ method, path, text: (name) => query.text(name) });
  }

  #base({ protocol, host, raw }: EdgeRequest): string {
    if (this.settings.publicUrl !== undefined) return this.settings.publicUrl;
    // HTTP/1.0 knows no `Host`.
    const { localAddress = '', localPort } = raw.socket;
    return `${protocol}://${host === '' ? `${localAddress}:${localPort}` : host}`;
  }
}

/** Returns the path with its names decoded. @throws DomainError url_invalid  a name with a slash */
function pathOf({ raw: { url = '' } }: EdgeRequest): string {
  const [path = ''] = url.split('?', 1);
  const names = path.split('/').map((name) => decodePathText(name, 'path'));
  if (names.some((name) => name.includes('/'))) throw new DomainError('url_invalid');
  return names.join('/');
}

/** To be saved under the last name of its path. Source: RFC 6266, RFC 8187. */
function attachment(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_');
  if (plain === name) return `attachment; filename="${name}"`;
  const encoded = encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
