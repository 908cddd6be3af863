import type { EventSchemas } from '../upcast.js';
import type { ImportEvent } from './import.events.js';

export const importSchemas: EventSchemas<ImportEvent> = {
  ImportRequested: { version: 1 },
  ImportResumed: { version: 1 },
  ImportProgressed: { version: 1 },
  ImportIngested: { version: 1 },
  ImportCompleted: { version: 1 },
  ImportFailed: { version: 1 },
  ImportCancelled: { version: 1 },
  ImportForgotten: { version: 1 },
};
