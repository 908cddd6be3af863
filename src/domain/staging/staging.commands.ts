import type { IntentRequest } from '../branch/branch.events.js';
import type { ObjectEntry, ObjectPath } from '../model.js';

export type StagingCommand =
  | { readonly type: 'OpenToken' }
  | { readonly type: 'StageObject'; readonly path: ObjectPath; readonly entry: ObjectEntry }
  | {
      readonly type: 'CloneObject';
      readonly path: ObjectPath;
      readonly entry: ObjectEntry;
      readonly source: ObjectPath;
    }
  | { readonly type: 'UnstageObject'; readonly path: ObjectPath; readonly hidesNothing?: true }
  | { readonly type: 'CloseToken'; readonly request: IntentRequest | undefined }
  | { readonly type: 'DropRows'; readonly until: ObjectPath | undefined };
