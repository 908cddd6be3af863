import type { EventSchemas } from '../upcast.js';
import type { TagEvent } from './tag.events.js';

export const tagSchemas: EventSchemas<TagEvent> = {
  TagCreated: { version: 1 },
  TagDeleted: { version: 1 },
};
