import type { ObjectPath } from '../model.js';

/** Paths from `first` to `last`, both among them. */
export interface PathRun {
  readonly first: ObjectPath;
  readonly last: ObjectPath;
}
