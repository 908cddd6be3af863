import { ViewProgress } from '../../../src/event-log/view-progress.js';
import { MemoryKvStore } from '../../../src/kv-adapter/memory-kv-store.js';
import { inlineProjection } from '../../../src/projections/all-projections.js';
import type { Scheduler } from './scheduler.js';
import type { World } from './world.js';

const project = inlineProjection();

/** Views that follow the log, one event a step: the scheduler chooses how far they are behind. */
export class FollowingViews {
  readonly kv = new MemoryKvStore();
  readonly progress = new ViewProgress();
  #isDue = false;

  constructor(
    private readonly world: World,
    private readonly scheduler: Scheduler,
    /** Whose they are, and with whom they stand still. */
    private readonly node: string,
  ) {}

  /** To be called whenever something may have landed. */
  async look(): Promise<void> {
    if (this.#isDue || this.scheduler.isDead(this.node)) return;
    const [event] = await this.world.log.readAll({ after: this.progress.position, limit: 1 });
    if (!event || this.#isDue) return;
    this.#isDue = true;
    const shows = () => this.scheduler.step(this.node, `shows ${event.position}`);
    void this.scheduler.thread(`views of ${this.node}`, shows).then(() => {
      this.kv.apply(project(event));
      this.#isDue = false;
      this.progress.advance(event.position);
    });
  }

  /** What was there before anybody came is there. */
  async begin(): Promise<void> {
    const events = await this.world.log.readAll({ after: 0, limit: 1_000 });
    for (const event of events) {
      this.kv.apply(project(event));
      this.progress.advance(event.position);
    }
  }
}
