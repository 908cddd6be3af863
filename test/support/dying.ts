import type { Adapters } from '../../src/app/adapters.module.js';
import type { EventLog } from '../../src/ports/event-log.js';

/** A node whose log dies at an append, before or after it has landed, until it is repaired. */
export class Dying {
  appendsLeft = Number.POSITIVE_INFINITY;
  /** Whether the append that kills it is in the log. */
  isLanding = false;
  /** How far its clock is before the real one. */
  aheadMs = 0;

  wrap = (adapters: Adapters): Adapters => {
    const { log, clock } = adapters;
    const append: EventLog['append'] = async (...what) => {
      if (--this.appendsLeft >= 0) return log.append(...what);
      if (this.appendsLeft === -1 && this.isLanding) await log.append(...what);
      throw new Error('the node is dead');
    };
    const nowMs = () => clock.nowMs() + this.aheadMs;
    return { ...adapters, log: withMember(log, { append }), clock: withMember(clock, { nowMs }) };
  };

  repair(): void {
    this.appendsLeft = Number.POSITIVE_INFINITY;
  }
}

/** Returns the same object to look at, but for some of its members. */
function withMember<Port extends object>(port: Port, members: Partial<Port>): Port {
  return new Proxy(port, {
    get: (target, name) => {
      const own: unknown = Reflect.get(members, name);
      if (own !== undefined) return own;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
