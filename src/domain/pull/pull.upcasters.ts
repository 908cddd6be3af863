import type { EventSchemas } from '../upcast.js';
import type { PullEvent } from './pull.events.js';

export const pullSchemas: EventSchemas<PullEvent> = {
  PullRequestOpened: { version: 1 },
  PullRequestEdited: { version: 1 },
  PullRequestClosed: { version: 1 },
  PullRequestReopened: { version: 1 },
  PullRequestMergeAsked: { version: 1 },
  PullRequestMergeRefused: { version: 1 },
  PullRequestMerged: { version: 1 },
};
