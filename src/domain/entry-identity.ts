import type { Metadata, ObjectEntry } from './model.js';

/**
 * Returns whether two entries are the same object: size, checksum, metadata and content type; not
 * where the bytes are, and not when they came.
 *
 * Source: lakeFS's entry identity, docs/formats/range.md.
 */
export const isSameObject = (left: ObjectEntry, right: ObjectEntry): boolean =>
  left.sizeBytes === right.sizeBytes &&
  left.checksum === right.checksum &&
  left.contentType === right.contentType &&
  isSameMetadata(left.metadata, right.metadata);

const isSameMetadata = (left: Metadata, right: Metadata): boolean => {
  if (left.length !== right.length) return false;
  const values = new Map(right);
  return left.every(([key, value]) => values.get(key) === value);
};
