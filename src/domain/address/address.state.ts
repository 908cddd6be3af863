import type { BranchId, ObjectEntry, ObjectPath } from '../model.js';

export type AddressState =
  | { readonly status: 'unused' }
  | {
      readonly status: 'linked';
      readonly branch: BranchId;
      readonly path: ObjectPath;
      readonly entry: ObjectEntry;
    };
