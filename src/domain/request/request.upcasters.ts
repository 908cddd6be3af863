import type { EventSchemas } from '../upcast.js';
import type { RequestEvent } from './request.events.js';

export const requestSchemas: EventSchemas<RequestEvent> = {
  RequestBegun: { version: 1 },
  RequestTookEffect: { version: 1 },
  RequestAnswered: { version: 1 },
  RequestForgotten: { version: 1 },
};
