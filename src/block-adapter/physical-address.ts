// An address is a URI: `scheme://part/part/…`, taken literally: no percent-decoding, no query, no
// dot segments. A namespace is its beginning, a key the rest. Two addresses name the same block
// only when their URIs are equal character by character.
import type { StorageNamespace } from '../domain/model.js';
import type { BlockAddress } from '../ports/block-store.js';
import { AddressRefused } from '../ports/store-errors.js';

/** What every file system we know can hold as one name. */
export const PART_BYTES_MAX = 255;
/** Of all parts with their slashes: leaves room for the data folder below a path limit of 4,096. */
export const ADDRESS_BYTES_MAX = 3_000;
const SHOWN_CHARACTERS_MAX = 100;

export type Scheme = 'local' | 'mem';

/**
 * Returns the parts of a block's address, the namespace's first.
 *
 * @throws AddressRefused  the namespace is none of `schemes`, or a part is no plain name
 */
export function partsOf(address: BlockAddress, schemes: readonly Scheme[]): string[] {
  const namespace = namespaceParts(address.namespace, schemes);
  return checked([...namespace, ...address.key.split('/')], address.key);
}

/** @throws AddressRefused  the namespace is none of `schemes`, or a part is no plain name */
export function namespaceParts(namespace: string, schemes: readonly Scheme[]): string[] {
  const scheme = schemes.find((name) => namespace.startsWith(`${name}://`));
  if (scheme === undefined) {
    const wanted = schemes.map((name) => `${name}://`).join(' or ');
    throw new AddressRefused(`${shown(namespace)} does not begin with ${wanted}`);
  }
  const parts = checked(namespace.slice(scheme.length + 3).split('/'), namespace);
  if (parts[0]?.startsWith('.')) {
    throw new AddressRefused(`${shown(namespace)}: the first name begins with a dot`);
  }
  return parts;
}

/**
 * Splits a full address after its first name: `local://bucket/a/b` is `a/b` in `local://bucket`.
 *
 * @throws AddressRefused  none of `schemes`, nothing after the first name, or no plain names
 */
export function parseAddress(uri: string, schemes: readonly Scheme[]): BlockAddress {
  const parts = namespaceParts(uri, schemes);
  if (parts.length < 2) throw new AddressRefused(`${shown(uri)} names no object`);
  const key = parts.slice(1).join('/');
  return { namespace: uri.slice(0, uri.length - key.length - 1) as StorageNamespace, key };
}

/** Refuses a path that is not made of plain names. @throws AddressRefused */
export function assertPlain(path: string, whole: string): void {
  checked(path.split('/'), whole);
}

function checked(parts: string[], whole: string): string[] {
  let bytes = 0;
  for (const part of parts) {
    const fault = faultOf(part);
    if (fault !== undefined) throw new AddressRefused(`${shown(whole)}: ${fault}`);
    bytes += Buffer.byteLength(part) + 1;
  }
  if (bytes > ADDRESS_BYTES_MAX) {
    throw new AddressRefused(`${shown(whole)} is over ${ADDRESS_BYTES_MAX} bytes`);
  }
  return parts;
}

function faultOf(part: string): string | undefined {
  if (part === '') return 'it has an empty name between slashes';
  if (part === '.' || part === '..') return `it has the name "${part}"`;
  if (part.includes('\0')) return 'it has a NUL';
  // One system's letter is another one's separator.
  if (part.includes('\\')) return 'it has a backslash';
  // All lone surrogates are written as the same three bytes, so two keys would share a file.
  if (!part.isWellFormed()) return 'it is not valid Unicode';
  if (Buffer.byteLength(part) > PART_BYTES_MAX) return `a name is over ${PART_BYTES_MAX} bytes`;
  return undefined;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, SHOWN_CHARACTERS_MAX));
}
