import type { EventSchemas } from '../upcast.js';
import type { AddressEvent } from './address.events.js';

export const addressSchemas: EventSchemas<AddressEvent> = {
  AddressLinked: { version: 1 },
};
