/**
 * Places where this program may be cut off, by what is under way there. Each stands between two
 * steps of which the second must be found and finished by somebody else; a test cuts at every one
 * of them.
 */
export const FAILPOINTS_OF = {
  append: [
    'write.beforeAppend',
    'append.beforeSend',
    'append.afterSend',
    'append.afterAnswer',
    'write.afterAppend',
  ],
  rotation: [
    'token.foundClosed',
    'token.beforeRotate',
    'token.afterRotate',
    'token.beforeLastClose',
    'token.afterLastClose',
  ],
  intent: [
    'intent.beforeRequest',
    'intent.afterRequest',
    'intent.beforeBuild',
    'merge.afterNamed',
    'merge.beforeTrees',
    'merge.afterTrees',
    'reset.beforeDiscard',
  ],
  completion: [
    'intent.afterBuild',
    'intent.afterResult',
    'intent.beforeAnswer',
    'reset.afterDiscard',
  ],
  fold: ['fold.afterRead', 'fold.afterAppend'],
  range: ['range.beforeFile', 'range.afterFile', 'range.beforeMetaRange', 'range.afterMetaRange'],
  block: [
    'write.afterBodyBeforeAppend',
    'block.afterBodyBeforeSync',
    'block.afterSyncBeforeRename',
    'block.afterRename',
    'block.beforeLink',
    'block.afterLink',
  ],
  drop: ['drop.beforeToken', 'drop.beforeSlice', 'drop.afterSlice'],
  branch: ['branch.beforeCreation', 'branch.afterCreation', 'branch.afterDeletionRequest'],
  undo: [
    'undo.afterLook',
    'undo.beforeWords',
    'undo.afterWords',
    'branch.beforeRestore',
    'branch.afterRestore',
  ],
  repository: [
    'repository.afterMark',
    'repository.afterCreation',
    'repository.afterDeletionRequest',
    'repository.afterBranchDeleted',
    'repository.afterRowsDropped',
    'repository.beforePurge',
    'repository.afterPurge',
  ],
  request: ['request.afterBegin', 'request.beforeAnswer', 'request.afterAnswer'],
  address: ['address.beforeLink', 'address.afterLink'],
  multipart: [
    'multipart.afterPartBody',
    'multipart.afterSeal',
    'multipart.afterBody',
    'multipart.afterEnd',
  ],
  import: [
    'import.afterRequest',
    'import.afterTree',
    'import.afterIngestion',
    'import.afterCommit',
    'import.afterNote',
  ],
  refs: ['refs.afterRequest', 'refs.afterDump', 'refs.afterCommits', 'refs.beforeDefaultBranch'],
  restart: [
    'start.afterLeftOver',
    'start.afterPostgres',
    'start.beforeSchema',
    'start.afterSchemaStep',
    'start.afterSchema',
    'start.beforeSwap',
    'start.afterSwap',
    'start.beforeListen',
    'start.afterListen',
  ],
} as const;

type Of = typeof FAILPOINTS_OF;

export type Failpoint = Of[keyof Of][number];

export const FAILPOINTS: readonly Failpoint[] = Object.values(FAILPOINTS_OF).flat();

let onReached: ((name: Failpoint) => Promise<void>) | undefined;

/** Stands where the program may be cut off. Costs one comparison where nobody listens. */
export function failpoint(name: Failpoint): Promise<void> | undefined {
  return onReached?.(name);
}

/** Lets a test act whenever a failpoint is reached; undefined: nobody does any more. */
export function onFailpoint(act: ((name: Failpoint) => Promise<void>) | undefined): void {
  onReached = act;
}
