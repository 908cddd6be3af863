import type { BranchId, ObjectEntry, ObjectPath } from '../model.js';

/** The first and only event of an issued address: an object names it from here on. */
export interface AddressLinked {
  readonly type: 'AddressLinked';
  readonly branch: BranchId;
  readonly path: ObjectPath;
  readonly entry: ObjectEntry;
}

export type AddressEvent = AddressLinked;
