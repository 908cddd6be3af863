import { described, FLAG, oneOf, shape, TEXT, whole } from './schema.js';

const RESTORED = described(whole(0), 'Paths that are staged again');

export const UNDONE = shape('Undone', {
  undone: shape('UndoneOperation', {
    operation: oneOf('commit', 'merge', 'revert', 'cherry-pick', 'import', 'hard-reset', 'reset'),
    revision: described(whole(0), "Of what was undone, in the branch's stream"),
    is_redo: described(FLAG, 'An undo was undone: the operation stands again'),
  }),
  from: described(TEXT, 'The commit that the branch stood at'),
  commit_id: described(TEXT, 'The commit that it stands at now'),
  restored: RESTORED,
});

export const RESTORED_BRANCH = shape('RestoredBranch', {
  id: TEXT,
  commit_id: TEXT,
  undone: described(whole(0), "The deletion's revision in the branch's stream"),
  restored: RESTORED,
});
