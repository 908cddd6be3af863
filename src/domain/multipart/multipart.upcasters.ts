import type { EventSchemas } from '../upcast.js';
import type { MultipartEvent } from './multipart.events.js';

export const multipartSchemas: EventSchemas<MultipartEvent> = {
  MultipartStarted: { version: 1 },
  PartStored: { version: 1 },
  // No part gets behind these: parts are appended with `open`.
  MultipartSealed: { version: 1, closes: true },
  MultipartCompleted: { version: 1, closes: true },
  MultipartAborted: { version: 1, closes: true },
  PartsRemoved: { version: 1, closes: true },
};
