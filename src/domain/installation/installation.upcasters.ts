import type { EventSchemas } from '../upcast.js';
import type { InstallationEvent } from './installation.events.js';

export const installationSchemas: EventSchemas<InstallationEvent> = {
  InstallationSetUp: { version: 1 },
};
