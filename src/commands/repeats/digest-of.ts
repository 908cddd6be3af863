import { createHash } from 'node:crypto';

export interface Digest {
  /** MD5, 32 hex digits. */
  readonly checksum: string;
  readonly sizeBytes: number;
}

/** Reads a body to its end and keeps nothing of it but what tells it from another. */
export async function digestOf(body: AsyncIterable<Uint8Array>): Promise<Digest> {
  const hash = createHash('md5');
  let sizeBytes = 0;
  for await (const chunk of body) {
    hash.update(chunk);
    sizeBytes += chunk.length;
  }
  return { checksum: hash.digest('hex'), sizeBytes };
}
