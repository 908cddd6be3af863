import type { RequestTookEffect } from './request.events.js';

export type RequestState =
  | { readonly status: 'unknown' }
  | {
      readonly status: 'begun';
      readonly fingerprint: string;
      readonly begunAtMs: number;
      /** The revision of the event that began it, counted over all that the key was used for. */
      readonly begunAt: number;
      /** Events so far. */
      readonly eventCount: number;
      readonly effect: Omit<RequestTookEffect, 'type'> | undefined;
      readonly sealedAnswer: string | undefined;
    }
  | { readonly status: 'forgotten'; readonly eventCount: number };
