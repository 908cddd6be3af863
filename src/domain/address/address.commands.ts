import type { BranchId, ObjectEntry, ObjectPath } from '../model.js';

export interface LinkAddress {
  readonly type: 'LinkAddress';
  readonly branch: BranchId;
  readonly path: ObjectPath;
  readonly entry: ObjectEntry;
}

export type AddressCommand = LinkAddress;
