import type { EventSchemas } from '../upcast.js';
import type { CommitEvent } from './commit.events.js';

export const commitSchemas: EventSchemas<CommitEvent> = {
  CommitRecorded: { version: 1 },
};
