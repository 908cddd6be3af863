import type { DynamicModule } from '@nestjs/common';
import { Clock } from '../ports/clock.js';
import { EventLog } from '../ports/event-log.js';
import { type MomentLimits, Moments } from '../queries/as-of/moments.js';

/** What a node may lay out of the past, when nobody says otherwise. */
export const USUAL_MOMENT_LIMITS: MomentLimits = {
  changesMax: 1_000_000,
  bytesMax: 512 * 1024 * 1024,
};

/** Branches as they were, for every other module. */
export class MomentsModule {
  static with(limits: MomentLimits): DynamicModule {
    const providers = [
      {
        provide: Moments,
        inject: [EventLog, Clock],
        useFactory: (log: EventLog, clock: Clock) => new Moments(log, clock, limits),
      },
    ];
    return { module: MomentsModule, global: true, providers, exports: providers };
  }
}
