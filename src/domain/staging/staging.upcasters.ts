import { utf8 } from '../../shared/bytes.js';
import type { EventSchemas } from '../upcast.js';
import type { StagingEvent } from './staging.events.js';

export const stagingSchemas: EventSchemas<StagingEvent> = {
  TokenOpened: { version: 1 },
  ObjectStaged: { version: 1, keyOf: ({ path }) => utf8(path) },
  ObjectCloned: { version: 1, keyOf: ({ path }) => utf8(path) },
  ObjectUnstaged: { version: 1, keyOf: ({ path }) => utf8(path) },
  RunsDeleted: { version: 1 },
  WordsRestored: { version: 1 },
  TokenClosed: { version: 1, closes: true },
  StagedRowsDropped: { version: 1, closes: true },
};
