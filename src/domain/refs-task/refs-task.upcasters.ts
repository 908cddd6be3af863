import type { EventSchemas } from '../upcast.js';
import type { RefsTaskEvent } from './refs-task.events.js';

export const refsTaskSchemas: EventSchemas<RefsTaskEvent> = {
  RefsTaskRequested: { version: 1 },
  RefsTaskResumed: { version: 1 },
  RefsTaskProgressed: { version: 1 },
  RefsTaskCompleted: { version: 1 },
  RefsTaskFailed: { version: 1 },
  RefsTaskForgotten: { version: 1 },
};
