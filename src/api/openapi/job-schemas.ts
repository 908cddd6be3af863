import { COMMIT, ERROR } from './answer-schemas.js';
import { described, FLAG, type Schema, shape, TEXT, whole } from './schema.js';

/** What imports and tasks on refs are told by; titles as the contract has them. */
const TIME: Schema = { type: 'string', format: 'date-time' };

export const IMPORT_STARTED = shape('ImportCreationResponse', {
  id: described(TEXT, 'To ask by for what becomes of it'),
});

export const IMPORT_STATUS = shape('ImportStatus', {
  completed: FLAG,
  update_time: described(TIME, 'When it last said that it goes on'),
  'ingested_objects?': described(whole(0), 'What the sources have given so far'),
  'metarange_id?': TEXT,
  'commit?': COMMIT,
  'error?': ERROR,
});

export const TASK = shape('TaskCreation', {
  id: described(TEXT, 'To ask by for what becomes of it'),
});

export const REFS_DUMP = shape('RefsDump', {
  commits_meta_range_id: TEXT,
  tags_meta_range_id: TEXT,
  branches_meta_range_id: TEXT,
});

export const DUMP_STATUS = shape('RepositoryDumpStatus', {
  id: TEXT,
  done: FLAG,
  update_time: TIME,
  'error?': TEXT,
  'refs?': REFS_DUMP,
});

export const RESTORE_STATUS = shape('RepositoryRestoreStatus', {
  id: TEXT,
  done: FLAG,
  update_time: TIME,
  'error?': TEXT,
});
