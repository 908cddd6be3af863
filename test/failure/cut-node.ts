import type { Adapters } from '../../src/app/adapters.module.js';
import { onFailpoint, type Failpoint } from '../../src/shared/failpoint.js';

/** Cuts a node off as a crash does: what it has sent may still land, and it does nothing more. */
export class Cut {
  readonly #reached = Promise.withResolvers<void>();
  #hits = 0;
  #isCut = false;
  /** What is asked or reached from the cut on: never answered, and broken off at the end. */
  readonly #parked = Promise.withResolvers<never>();

  /** @param nth  which time that the failpoint is reached, from 1 */
  constructor(
    private readonly name: Failpoint,
    private readonly nth: number,
  ) {
    this.#parked.promise.catch(() => undefined);
  }

  /** Resolves when the node is cut off. */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  /** Listens to failpoints until `forget`. */
  arm(): void {
    onFailpoint(async (name) => {
      if (!this.#isCut && name === this.name && ++this.#hits === this.nth) {
        this.#isCut = true;
        this.#reached.resolve();
      }
      if (this.#isCut) await this.#parked.promise;
    });
  }

  forget(): void {
    onFailpoint(undefined);
  }

  /** Lets what stands still fail, when all has been looked at: so that it can be closed. */
  end(): void {
    this.#parked.reject(new Error('the node was cut off'));
  }

  /** Returns adapters whose every call, from the cut on, is never answered. */
  wrap(adapters: Adapters): Adapters {
    return {
      ...adapters,
      log: this.#gate(adapters.log),
      kv: this.#gate(adapters.kv),
      blocks: this.#gate(adapters.blocks),
      committed: this.#gate(adapters.committed),
    };
  }

  #gate<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get: (target, property) => {
        const member: unknown = Reflect.get(target, property, target);
        if (typeof member !== 'function') return member;
        return (...values: unknown[]): unknown => {
          if (this.#isCut) return this.#parked.promise;
          const answer: unknown = member.apply(target, values);
          if (!(answer instanceof Promise)) return answer;
          // An answer that comes after the cut reaches nobody.
          return answer.then((value: unknown) => (this.#isCut ? this.#parked.promise : value));
        };
      },
    });
  }
}
