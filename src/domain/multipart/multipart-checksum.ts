import { createHash } from 'node:crypto';

/**
 * Returns the checksum of an object put together from parts: the MD5 of the parts' MD5s, a dash,
 * and how many there are. Clients know an object of several parts by it.
 *
 * Source: S3's ETag of a multipart upload.
 */
export function multipartChecksum(md5s: readonly string[]): string {
  const hash = createHash('md5');
  for (const md5 of md5s) hash.update(Buffer.from(md5, 'hex'));
  return `${hash.digest('hex')}-${md5s.length}`;
}
