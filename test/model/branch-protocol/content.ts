import type { ObjectPath } from '../../../src/domain/model.js';

/** What a branch shows: checksums by path. */
export type Content = ReadonlyMap<ObjectPath, string>;

export const isSameContent = (left: Content, right: Content): boolean =>
  left.size === right.size && [...left].every(([path, value]) => right.get(path) === value);

export const show = (content: Content | null): string =>
  content === null ? 'nothing' : `{${[...content].map((pair) => pair.join(':')).sort()}}`;
