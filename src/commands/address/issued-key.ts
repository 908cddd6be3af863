import { DomainError } from '../../domain/errors.js';
import type { StorageNamespace } from '../../domain/model.js';

/** Returns the key of an address inside a namespace; undefined of one outside. */
export function keyInside(namespace: StorageNamespace, address: string): string | undefined {
  return address.startsWith(`${namespace}/`) ? address.slice(namespace.length + 1) : undefined;
}

/** The same of an address that must be inside. @throws DomainError address_not_relative */
export function issuedKey(namespace: StorageNamespace, address: string): string {
  const key = keyInside(namespace, address);
  if (key === undefined) throw new DomainError('address_not_relative');
  return key;
}
