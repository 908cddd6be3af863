/**
 * Places where this program may be cut off, by name. Each stands between two steps of which the
 * second must be found and finished by somebody else; a test cuts at every one of them.
 */
export const FAILPOINTS = [
  'write.beforeAppend',
  'write.afterAppend',
  'write.afterBodyBeforeAppend',
  'token.beforeRotate',
  'token.afterRotate',
  'intent.beforeRequest',
  'intent.afterRequest',
  'intent.beforeBuild',
  'intent.afterBuild',
  'intent.afterResult',
  'merge.afterNamed',
  'merge.beforeTrees',
  'merge.afterTrees',
  'reset.beforeDiscard',
  'reset.afterDiscard',
  'range.beforeMetaRange',
  'branch.afterDeletionRequest',
  'repository.afterMark',
  'repository.afterDeletionRequest',
  'repository.afterBranchDeleted',
  'repository.afterRowsDropped',
  'repository.beforePurge',
  'drop.beforeSlice',
  'drop.afterSlice',
  'block.afterBodyBeforeSync',
  'block.afterSyncBeforeRename',
  'block.afterRename',
] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

let onReached: ((name: Failpoint) => Promise<void>) | undefined;

/** Stands where the program may be cut off. Costs one comparison where nobody listens. */
export function failpoint(name: Failpoint): Promise<void> | undefined {
  return onReached?.(name);
}

/** Lets a test act whenever a failpoint is reached; undefined: nobody does any more. */
export function onFailpoint(act: ((name: Failpoint) => Promise<void>) | undefined): void {
  onReached = act;
}
